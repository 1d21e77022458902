using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Diagnostics;

namespace MedicineMan.Host.Api.Contract;

/// Turns what an endpoint throws into a problem. What is nobody's to act on falls through: it is logged and answered with 500.
internal sealed class ApiFailures(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!httpContext.Request.Path.StartsWithSegments(ApiSetup.Root))
        {
            return false;
        }

        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        if (Of(exception) is not { } problem)
        {
            return false;
        }

        httpContext.Response.StatusCode = problem.Status;
        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem.Details() });
    }

    public static ApiProblem? Of(Exception failure) => failure switch
    {
        ApiProblem problem => problem,
        PermissionMissingException missing => new(StatusCodes.Status403Forbidden, "role-missing", missing.Message),
        TakenException taken => new(StatusCodes.Status409Conflict, "taken", taken.Message),
        UserFacingException told => new(StatusCodes.Status422UnprocessableEntity, "refused", told.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } malformed => Malformed(malformed),
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } => new(StatusCodes.Status415UnsupportedMediaType, "not-json", "Send JSON with Content-Type: application/json."),
        BadHttpRequestException refused => new(refused.StatusCode, "refused", refused.Message),
        _ => null,
    };

    private static ApiProblem Malformed(BadHttpRequestException malformed)
    {
        if (malformed.InnerException is not JsonException json)
        {
            return Unreadable.Of(malformed);
        }

        // What is no JSON at all comes wrapped in another JsonException, with the path of what was being read.
        var field = json.InnerException is not JsonException && json.Path?.TrimStart('$', '.') is { Length: > 0 } path ? path : "body";
        var sentence = json.Message.Contains("could not be mapped", StringComparison.Ordinal)
            ? $"There is no field {field}; /api/v1/openapi.json names those there are."
            : field == "body" ? "The body is not JSON." : $"The value of {field} has another type than it should.";
        return new(StatusCodes.Status400BadRequest, "malformed", sentence) { Errors = new Dictionary<string, string[]> { [field] = [sentence] } };
    }
}
