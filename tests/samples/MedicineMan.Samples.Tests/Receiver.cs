using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Samples.Tests;

/// A web server on loopback that takes what is posted to /take and refuses what is posted to /refuse.
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<(string Body, string Authorization)> received = new();

    private Receiver(WebApplication app) => this.app = app;

    public string Address => app.Urls.Single();

    public string Authority => new Uri(Address).Authority;

    public IReadOnlyList<(string Body, string Authorization)> Received => [.. received];

    public static async Task<Receiver> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var receiver = new Receiver(app);
        app.MapPost("/take", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            receiver.received.Enqueue((await reader.ReadToEndAsync(context.RequestAborted), context.Request.Headers.Authorization.ToString()));
        });
        app.MapPost("/refuse", () => Results.StatusCode(StatusCodes.Status403Forbidden));
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
