using System.Net;
using MedicineMan.Host.Plugins.Capabilities.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Host.Tests.Plugins.Capabilities;

/// HTTP goes to the hosts that were granted and to no other, whatever names, redirects and headers say.
public sealed class HttpTests
{
    [Fact]
    public async Task A_granted_host_answers_and_a_redirect_leads_nowhere_else()
    {
        await using var other = await Site.Start();
        await using var granted = await Site.Start(elsewhere: other.Url);
        await using var curious = await CuriousHost.Start(change: CuriousHost.Scoped("net", granted.Authority));

        Assert.Equal("200 you asked for /hello", await curious.Ask("http", ("url", $"{granted.Url}hello")));
        Assert.Equal("302 ", await curious.Ask("http", ("url", $"{granted.Url}away")));
        Assert.StartsWith("!The capability net is needed: Curious may not call 127.0.0.1", await curious.Ask("http", ("url", other.Url)), StringComparison.Ordinal);
        Assert.StartsWith("!The capability net is needed", await curious.Ask("http", ("url", $"{granted.Url}hello"), ("host", other.Authority)), StringComparison.Ordinal);
        Assert.StartsWith("!The capability net is needed", await curious.Ask("http", ("url", $"http://127.1:{granted.Port + 1}/")), StringComparison.Ordinal);

        Assert.Equal(0, other.Requests);
        Assert.Equal(2, granted.Requests);
        Assert.Single(await curious.Refusals());
    }

    [Fact]
    public async Task A_name_that_leads_to_a_private_address_is_no_way_to_it()
    {
        await using var site = await Site.Start();
        // The machine's own name leads to an address of its own; a name of somebody else's could do the same.
        var name = Dns.GetHostName().ToLowerInvariant();
        await using var curious = await CuriousHost.Start(change: CuriousHost.Scoped("net", $"{name}:{site.Port}", $"localhost:{site.Port}"));

        var said = await curious.Ask("http", ("url", $"http://{name}:{site.Port}/"));

        Assert.StartsWith($"!The capability net is needed: {name} leads to ", said, StringComparison.Ordinal);
        Assert.Equal(0, site.Requests);
        Assert.Equal("200 you asked for /", await curious.Ask("http", ("url", $"http://localhost:{site.Port}/")));
    }

    [Fact]
    public async Task Without_the_capability_no_call_leaves()
    {
        await using var site = await Site.Start();
        await using var curious = await CuriousHost.Start(change: CuriousHost.Without("net"));

        Assert.StartsWith("!The capability net is needed: without it", await curious.Ask("http", ("url", site.Url)), StringComparison.Ordinal);
        Assert.Equal(0, site.Requests);
        Assert.Single(await curious.Refusals());
    }

    [Theory]
    [InlineData("api.example.com", "https://api.example.com/x", true)]
    [InlineData("API.example.com", "https://api.EXAMPLE.com./x", true)]
    [InlineData("api.example.com", "http://api.example.com/x", true)]
    [InlineData("api.example.com", "https://api.example.com:8443/", false)]
    [InlineData("api.example.com:8443", "https://api.example.com:8443/", true)]
    [InlineData("api.example.com:8443", "https://api.example.com/", false)]
    [InlineData("api.example.com", "https://api.example.com.evil.org/", false)]
    [InlineData("api.example.com", "https://api.example.com@evil.org/", false)]
    [InlineData("*.example.com", "https://api.example.com/", true)]
    [InlineData("*.example.com", "https://a.api.example.com/", false)]
    [InlineData("*.example.com", "https://example.com/", false)]
    [InlineData("*.example.com", "https://evilexample.com/", false)]
    [InlineData("api.*.com", "https://api.x.com/", false)]
    [InlineData("*", "https://api.example.com/", false)]
    [InlineData("127.0.0.1:80", "http://127.0.0.1/", true)]
    [InlineData("[::1]:8080", "http://[::1]:8080/", true)]
    [InlineData("api.example.com", "ftp://api.example.com/", false)]
    public void A_scope_means_what_it_says(string entry, string url, bool allowed) =>
        Assert.Equal(allowed, new NetScope([entry]).Allows(new Uri(url)));

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("172.31.0.1", true)]
    [InlineData("172.32.0.1", false)]
    [InlineData("192.168.0.1", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("224.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:10.0.0.1", true)]
    [InlineData("64:ff9b::a00:1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("fe80::1", true)]
    [InlineData("8.8.8.8", false)]
    [InlineData("2606:4700::1111", false)]
    public void Private_addresses_are_known(string address, bool isPrivate)
    {
        Assert.Equal(isPrivate, Addresses.IsPrivate(IPAddress.Parse(address)));
        Assert.Equal(!isPrivate, new NetScope(["api.example.com"]).Allows("api.example.com", IPAddress.Parse(address)));
    }

    /// A web server on loopback that counts its visitors and sends them elsewhere when asked for /away.
    private sealed class Site : IAsyncDisposable
    {
        private readonly WebApplication app;
        private int requests;

        private Site(WebApplication app) => this.app = app;

        public string Url => app.Urls.Single() + "/";

        public string Authority => new Uri(Url).Authority;

        public int Port => new Uri(Url).Port;

        public int Requests => requests;

        public static async Task<Site> Start(string elsewhere = "/")
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var site = new Site(builder.Build());
            site.app.Run(async context =>
            {
                Interlocked.Increment(ref site.requests);
                if (context.Request.Path == "/away")
                {
                    context.Response.Redirect(elsewhere);
                    return;
                }

                await context.Response.WriteAsync($"you asked for {context.Request.Path}");
            });
            await site.app.StartAsync();
            return site;
        }

        public async ValueTask DisposeAsync()
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }
}
