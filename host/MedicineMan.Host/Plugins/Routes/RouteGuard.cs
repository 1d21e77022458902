using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;

namespace MedicineMan.Host.Plugins.Routes;

/// Stands before every route of a plugin: its own services, a time limit, and an answer of the host's whatever the plugin does.
internal sealed class RouteGuard(LoadedPlugin plugin, RequestDelegate guarded, PluginEndpoints endpoints, PluginOptions options, TimeProvider clock)
{
    private readonly RequestDelegate inner = guarded;

    public RouteEndpoint? Endpoint { get; set; }

    /// The plugin's own code behind a guarded endpoint.
    public static RequestDelegate? Inner(Endpoint endpoint) => (endpoint.RequestDelegate?.Target as RouteGuard)?.inner;

    private string Name => plugin.Manifest.Name;

    public async Task Invoke(HttpContext context)
    {
        if (MayBeForged(context.Request) && await Forged(context))
        {
            await Answer(context, StatusCodes.Status400BadRequest, "The request has no valid anti-forgery token.", "Reload the page and try again.");
        }
        else if (plugin.Enter("route", out var refused) is { } visit)
        {
            await Visit(context, visit);
        }
        else if (refused is Refusal.Gone && endpoints.SuccessorOf(plugin.Manifest.Id, Endpoint!) is { } successor)
        {
            // Routed just before the plugin was upgraded: the new version answers.
            context.SetEndpoint(successor);
            await successor.RequestDelegate!(context);
        }
        else
        {
            context.Response.Headers.RetryAfter = "1";
            var status = refused is Refusal.Busy ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable;
            await Answer(context, status, plugin.Refused(refused).Message, refused is Refusal.Gone ? "See its state in Settings, Plugins." : null);
        }
    }

    private async Task Visit(HttpContext context, PluginVisit visit)
    {
        var (services, host) = (context.RequestServices, context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>());
        using var limited = new LimitedLifetime(host, options.RouteTimeLimit, clock, plugin.Unloading);
        context.RequestServices = visit.Services;
        context.Features.Set<IHttpRequestLifetimeFeature>(limited);
        Exception? failure = null;
        var running = Run(context, visit);
        try
        {
            // A plugin that ignores the token keeps its visit, and the request goes on without it.
            await (running.IsCompleted ? running : running.WaitAsync(limited.RequestAborted));
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        finally
        {
            context.RequestServices = services;
            context.Features.Set(host);
        }

        if (failure is not null && !host.RequestAborted.IsCancellationRequested)
        {
            await Answer(context, failure, limited.Late, abandoned: !running.IsCompleted);
        }
    }

    private async Task Run(HttpContext context, PluginVisit visit)
    {
        await using (visit)
        {
            await inner(context);
        }
    }

    private async Task Answer(HttpContext context, Exception failure, bool late, bool abandoned)
    {
        if (abandoned)
        {
            // The plugin still holds this request's objects: the connection must not serve another with them.
            context.Response.Headers.Connection = context.Response.HasStarted ? context.Response.Headers.Connection : "close";
        }

        if (late)
        {
            plugin.Entry.Record(Where(context), new TimeoutException($"No answer within {options.RouteTimeLimit.TotalSeconds:0.#} seconds."));
            await Answer(context, StatusCodes.Status504GatewayTimeout, $"The plugin {Name} did not answer within {options.RouteTimeLimit.TotalSeconds:0.#} seconds.", "Try again; if it stays so, disable the plugin.");
        }
        else if (plugin.Unloading.IsCancellationRequested)
        {
            await Answer(context, StatusCodes.Status503ServiceUnavailable, $"The plugin {Name} was stopped.", "Try again.");
        }
        else if (failure is UserFacingException or BadHttpRequestException)
        {
            await Answer(context, (failure as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest, failure.Message, null);
        }
        else
        {
            plugin.Entry.Record(Where(context), failure);
            await Answer(context, StatusCodes.Status500InternalServerError, $"The plugin {Name} failed.", $"{PluginEntry.Sentence(failure)} Its faults are listed in Settings, Plugins.");
        }
    }

    private static async Task Answer(HttpContext context, int status, string title, string? detail)
    {
        if (context.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }

        var (connection, retry) = (context.Response.Headers.Connection, context.Response.Headers.RetryAfter);
        context.Response.Clear();
        (context.Response.Headers.Connection, context.Response.Headers.RetryAfter) = (connection, retry);
        // With a code of its own the host leaves the sentence as it is.
        var code = new Dictionary<string, object?> { ["code"] = status < StatusCodes.Status500InternalServerError ? "refused" : "plugin-failed" };
        await Results.Problem(title: title, detail: detail, statusCode: status, extensions: code).ExecuteAsync(context);
    }

    /// A browser sends cookies along with a forged request, but never a bearer token.
    private static bool MayBeForged(HttpRequest request) =>
        !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        && !request.Headers.Authorization.ToString().StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase);

    private static async Task<bool> Forged(HttpContext context) =>
        context.RequestServices.GetService<IAntiforgery>() is { } antiforgery && !await antiforgery.IsRequestValidAsync(context);

    private static string Where(HttpContext context) => $"route {context.Request.Method} {context.Request.Path}";
}
