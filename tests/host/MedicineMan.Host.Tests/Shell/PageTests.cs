using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Host.Tests.Shell;

public sealed partial class PageTests
{
    [Fact]
    public async Task No_page_carries_inline_script_or_style_or_names_another_origin()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        foreach (var page in Plain(host))
        {
            var answer = await owner.Get(page);
            Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Redirect, $"{page}: {answer.Status}");
            Assert.Contains("script-src 'self';", answer.Raw.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Empty(answer.Page.QuerySelectorAll("style, [style], script:not([src])"));
            Assert.DoesNotContain(answer.Page.All.SelectMany(element => element.Attributes), attribute => attribute.Name.StartsWith("on", StringComparison.Ordinal));
            Assert.DoesNotContain(answer.Page.QuerySelectorAll("[src], link[href]"), element =>
                (element.GetAttribute("src") ?? element.GetAttribute("href"))!.Contains("//", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Every_icon_a_page_names_is_in_the_sprite()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        var names = new HashSet<string>();
        var sprite = "";
        foreach (var page in Plain(host))
        {
            foreach (var use in (await owner.Get(page)).Page.QuerySelectorAll("use"))
            {
                var parts = use.GetAttribute("href")!.Split('#');
                (sprite, _) = (parts[0], names.Add(parts[1]));
            }
        }

        var drawn = (await owner.Get(sprite)).Body;
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains($"<symbol id=\"{name}\"", drawn, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_first_view_weighs_less_than_150_KB()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        var home = await owner.Get("/");
        long bytes = home.Body.Length;
        foreach (var element in home.Page.QuerySelectorAll("script[src], link[href]"))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, element.GetAttribute("src") ?? element.GetAttribute("href"));
            request.Headers.AcceptEncoding.ParseAdd("gzip");
            using var answer = await owner.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("immutable", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
            bytes += (await answer.Content.ReadAsByteArrayAsync()).Length;
        }

        Assert.InRange(bytes, 50_000, 150_000);
    }

    [Fact]
    public async Task An_address_without_a_page_says_so()
    {
        await using var host = await TestHost.Start();
        var answer = await (await host.Owner()).Get("/no-such-page");
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Contains("nothing at this address", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_without_its_token_is_refused()
    {
        await using var host = await TestHost.Start();
        var answer = await (await host.Owner()).Post("/sign-out", null);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("form was refused", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_sent_from_another_site_is_refused()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        owner.Client.DefaultRequestHeaders.Add("Origin", "https://evil.example");
        Assert.Equal(HttpStatusCode.BadRequest, (await owner.Send("/sign-out")).Status);
    }

    private static IEnumerable<string> Plain(TestHost host) =>
        host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<PageActionDescriptor>() is not null && !Parameter().IsMatch(route.RoutePattern.RawText!))
            .Select(route => "/" + route.RoutePattern.RawText!.TrimStart('/'));

    [GeneratedRegex(@"\{")]
    private static partial Regex Parameter();
}
