using System.ComponentModel;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;

namespace MedicineMan.Host.Api.Contract;

/// Names the part of an address that has another form than it should. Of a part that may be missing, the generated handlers say no more than that
/// the request is bad.
internal static partial class Unreadable
{
    public static ValueTask<object?> Filter(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next) =>
        invocation.HttpContext.Response.StatusCode == StatusCodes.Status400BadRequest ? throw Of(invocation.HttpContext) : next(invocation);

    public static ApiProblem Of(BadHttpRequestException malformed) => Unbound().Match(malformed.Message) is { Success: true } match
        ? Problem(match.Groups["name"].Value, match.Groups["value"].Value, isMoment: match.Groups["type"].Value.Contains(nameof(DateTimeOffset), StringComparison.Ordinal))
        : new(StatusCodes.Status400BadRequest, "malformed", malformed.Message);

    private static ApiProblem Of(HttpContext http)
    {
        foreach (var part in http.GetEndpoint()?.Metadata.GetOrderedMetadata<IParameterBindingMetadata>().Where(part => part.HasTryParse) ?? [])
        {
            var type = Nullable.GetUnderlyingType(part.ParameterInfo.ParameterType) ?? part.ParameterInfo.ParameterType;
            var value = http.Request.RouteValues[part.Name]?.ToString() ?? http.Request.Query[part.Name].ToString();
            if (value.Length > 0 && !TypeDescriptor.GetConverter(type).IsValid(value))
            {
                return Problem(part.Name, value, isMoment: type == typeof(DateTimeOffset));
            }
        }

        return new(StatusCodes.Status400BadRequest, "malformed", $"A part of the address cannot be read. {ApiSetup.Root}/openapi.json says which form each has.");
    }

    private static ApiProblem Problem(string name, string value, bool isMoment)
    {
        var field = JsonNamingPolicy.CamelCase.ConvertName(name);
        var sentence = $"\"{value}\" cannot be read as {field}.{(isMoment ? " Write a moment such as 2026-11-28T08:00:00Z." : "")}";
        return new(StatusCodes.Status400BadRequest, "malformed", sentence) { Errors = new Dictionary<string, string[]> { [field] = [sentence] } };
    }

    // As the framework says it.
    [GeneratedRegex("""^Failed to bind parameter "(?<type>\S+) (?<name>\w+)" from "(?<value>.*)"\.$""", RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Unbound();
}
