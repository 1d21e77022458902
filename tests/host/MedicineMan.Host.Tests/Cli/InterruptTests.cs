using System.Net;
using System.Text;
using MedicineMan.Host.Cli.Wire;

namespace MedicineMan.Host.Tests.Cli;

/// A command that is interrupted at the worst of moments: its order has reached the host, and the answer is still on its way.
public sealed class InterruptTests
{
    [Fact]
    public async Task What_was_started_gets_known_so_that_it_can_be_cancelled()
    {
        using var interrupt = new CancellationTokenSource();
        await using var host = new HostClient(new Uri("http://host.example"), "token", new Interrupted(interrupt), null);

        Assert.Equal("42", (await host.Start<Started>("jobs", null, interrupt.Token)).Id);
        Assert.True(interrupt.IsCancellationRequested);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Start<Started>("jobs", null, interrupt.Token));
    }

    private sealed record Started(string Id);

    /// The interruption comes when the host has begun to work and has not answered yet.
    private sealed class Interrupted(CancellationTokenSource interrupt) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await interrupt.CancelAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("""{ "id": "42" }""", Encoding.UTF8, "application/json") };
        }
    }
}
