using System.Net;
using MedicineMan.Host.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Host.Tests.Access;

public sealed class RouteTests
{
    private static readonly string[] Open = ["/error/{code:int}", "/healthz", "/readyz", "/setup", "/sign-in"];

    [Fact]
    public async Task Every_route_asks_for_a_role_but_the_few_that_strangers_need()
    {
        await using var host = await TestHost.Start();
        var policies = host.Get<IAuthorizationPolicyProvider>();
        var routes = host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<StaticAssetDescriptor>() is null).ToList();
        Assert.True(routes.Count > 8);
        foreach (var route in routes)
        {
            var path = "/" + route.RoutePattern.RawText?.TrimStart('/');
            if (route.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            {
                Assert.Contains(path, Open);
                continue;
            }

            var policy = await AuthorizationPolicy.CombineAsync(policies, route.Metadata.GetOrderedMetadata<IAuthorizeData>()) ?? await policies.GetFallbackPolicyAsync();
            Assert.True(policy!.Requirements.OfType<RoleRequirement>().Any(), $"{path} has no policy");
        }
    }

    [Fact]
    public async Task A_stranger_is_sent_to_sign_in_from_every_page()
    {
        await using var host = await TestHost.Start();
        await host.Owner();
        var stranger = host.Stranger();
        var pages = host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .Select(route => "/" + System.Text.RegularExpressions.Regex.Replace(route.RoutePattern.RawText!.TrimStart('/'), @"\{[^}]*\}", "1")).Distinct();
        foreach (var page in pages)
        {
            var answer = await stranger.Get(page);
            Assert.True(
                answer.Status is HttpStatusCode.Unauthorized || answer.Location?.StartsWith("/sign-in", StringComparison.Ordinal) == true,
                $"{page} answered a stranger with {answer.Status} {answer.Location}");
        }
    }

    [Fact]
    public async Task A_role_that_is_missing_is_named()
    {
        await using var host = await TestHost.Start();
        await host.Owner();
        var viewer = await host.Member(Role.Viewer);
        var refused = await viewer.Post("/", null);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("needs the role operator", refused.Text, StringComparison.Ordinal);
    }
}
