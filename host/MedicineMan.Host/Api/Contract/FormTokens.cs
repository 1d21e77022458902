using MedicineMan.Host.Access;
using Microsoft.AspNetCore.Antiforgery;

namespace MedicineMan.Host.Api.Contract;

/// A browser sends its cookie along with a forged request, but never a bearer token: whoever comes with a cookie and changes something
/// shows the form token of one of our pages.
internal static class FormTokens
{
    public static async ValueTask<object?> Filter(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var http = invocation.HttpContext;
        var method = http.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || ApiTokenScheme.Applies(http)
            || await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http))
        {
            return await next(invocation);
        }

        throw new ApiProblem(StatusCodes.Status400BadRequest, "form-token-missing", "A browser session changes things only with the form token in X-Form-Token. Programs send an API token instead.");
    }
}
