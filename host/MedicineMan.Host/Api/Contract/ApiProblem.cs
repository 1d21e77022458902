using MedicineMan.Host.Access;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api.Contract;

/// A refusal with a code that programs may rely on and a sentence for people. Thrown anywhere below an endpoint, answered as problem+json.
internal sealed class ApiProblem(int status, string code, string sentence) : Exception(sentence)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// What is wrong with each field, all at once.
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    public static ApiProblem NotFound(string noun, string id) =>
        new(StatusCodes.Status404NotFound, "not-found", $"There is no {noun} {id} in this organisation.");

    public static ApiProblem Conflict(string code, string sentence) => new(StatusCodes.Status409Conflict, code, sentence);

    public static ApiProblem Invalid(IReadOnlyDictionary<string, string[]> errors) =>
        new(StatusCodes.Status400BadRequest, "invalid", string.Join(' ', errors.SelectMany(error => error.Value).Distinct())) { Errors = errors };

    public static ApiProblem Invalid(string field, string sentence) => Invalid(new Dictionary<string, string[]> { [field] = [sentence] });

    public ProblemDetails Details()
    {
        var details = new ProblemDetails { Status = Status, Title = Title(Status), Detail = Message };
        details.Extensions["code"] = Code;
        if (Errors is not null)
        {
            details.Extensions["errors"] = Errors;
        }

        return details;
    }

    /// Problems the framework answers by itself get a code and a sentence, too.
    public static void Complete(ProblemDetailsContext context)
    {
        var details = context.ProblemDetails;
        if (details.Extensions.ContainsKey("code"))
        {
            return;
        }

        var status = details.Status ?? context.HttpContext.Response.StatusCode;
        details.Title = Title(status);
        (details.Extensions["code"], var sentence) = status switch
        {
            400 => ("malformed", "The request cannot be read, or it comes from another site."),
            401 => ("not-signed-in", "Send an API token: Authorization: Bearer mm_… Tokens are made under Settings, API tokens."),
            403 => ("role-missing", context.HttpContext.Features.Get<MissingRole>() is { } missing ? missing.Sentence : "Your role does not permit this."),
            404 => ("not-found", "There is nothing at this address."),
            405 => ("method-not-allowed", "This address does not answer to that method."),
            413 => ("too-large", "The request is too large."),
            415 => ("not-json", "Send JSON with Content-Type: application/json."),
            429 => ("too-many-requests", "Too many requests came from this address. Wait as long as Retry-After says."),
            >= 500 => ("failed", "This is our fault, not yours. Nothing that was saved before is lost; the log has the details under the trace id."),
            _ => ("refused", details.Detail ?? "The request was refused."),
        };
        details.Detail ??= sentence;
    }

    private static string Title(int status) => status switch
    {
        400 => "The request is not right",
        401 => "Not signed in",
        403 => "Not permitted",
        404 => "Not found",
        409 => "In conflict with what is there",
        422 => "That did not work",
        429 => "Too many requests",
        >= 500 => "Something failed here",
        _ => "Refused",
    };
}
