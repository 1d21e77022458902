using System.Collections.Concurrent;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Sdk.Testing.Hosting;

/// The plugin's routes, mapped out of its own container below /plugins/{id}, with the permission of the manifest before each.
internal sealed class TestRoutes(TestManifest manifest, TestBuilder builder, IServiceProvider services) : IEndpointRouteBuilder
{
    public const string Role = "X-Test-Role";

    public const string Permissions = "X-Test-Permissions";

    private static readonly string[] Roles = ["viewer", "operator", "admin"];

    private readonly ConcurrentQueue<Exception> faults = new();

    public IServiceProvider ServiceProvider => services;

    public ICollection<EndpointDataSource> DataSources { get; } = [];

    public IReadOnlyList<Exception> Faults => [.. faults];

    public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(services);

    public DefaultEndpointDataSource Map()
    {
        var prefix = $"/plugins/{manifest.Info.Id}";
        var group = this.MapGroup(prefix);
        builder.Mapped.ForEach(map => map(group));
        var guarded = new List<Endpoint>();
        foreach (var endpoint in DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            var path = endpoint.RoutePattern.RawText![prefix.Length..];
            var methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];
            foreach (var method in methods)
            {
                builder.Route(method, path);
            }

            string[] needed = [.. manifest.Routes.Where(route => route.Path == path && methods.Contains(route.Method)).Select(route => route.Permission)];
            guarded.Add(new RouteEndpoint(context => Invoke(context, endpoint.RequestDelegate!, needed), endpoint.RoutePattern, endpoint.Order,
                new EndpointMetadataCollection(endpoint.Metadata.Where(one => one is not (IAuthorizeData or IAllowAnonymous))), endpoint.DisplayName));
        }

        return new DefaultEndpointDataSource(guarded);
    }

    private async Task Invoke(HttpContext context, RequestDelegate inner, string[] needed)
    {
        var role = context.Request.Headers[Role].ToString();
        var own = context.Request.Headers[Permissions].ToString().Split(',');
        if (role.Length == 0 || !Array.TrueForAll(needed, permission => May(role, own, permission)))
        {
            context.Response.StatusCode = role.Length == 0 ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden;
            return;
        }

        await using var scope = services.CreateAsyncScope();
        var before = context.RequestServices;
        context.RequestServices = scope.ServiceProvider;
        try
        {
            await inner(context);
        }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            // The host answers so as well: a sentence for a person is a bad request, anything else a fault of the plugin.
            if (failure is not (UserFacingException or BadHttpRequestException))
            {
                faults.Enqueue(failure);
            }

            await Results.Problem(title: failure.Message, statusCode: failure switch
            {
                BadHttpRequestException bad => bad.StatusCode,
                UserFacingException => StatusCodes.Status400BadRequest,
                _ => StatusCodes.Status500InternalServerError,
            }).ExecuteAsync(context);
        }
        finally
        {
            context.RequestServices = before;
        }
    }

    private bool May(string role, string[] own, string permission) =>
        own.Contains(permission)
        || Array.IndexOf(Roles, role) >= Array.IndexOf(Roles, manifest.Permissions.FirstOrDefault(one => one.Id == permission).Default ?? permission);
}
