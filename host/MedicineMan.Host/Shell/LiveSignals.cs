using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MedicineMan.Host.Access;
using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.Shell;

/// Tells open pages that something they show has changed. A page names its topics (<c>data-live="jobs server:7"</c>); on a signal the
/// script asks for the page again and replaces only the elements marked <c>data-live-part</c>. No page content passes through here,
/// so nothing can be seen that the page itself would not show. Signals stay in this process; a slow tick covers other nodes.
internal sealed class LiveSignals
{
    private readonly ConcurrentDictionary<Guid, Listener> listeners = new();

    public void Changed(OrganizationId organization, string topic)
    {
        foreach (var listener in listeners.Values)
        {
            if (listener.Organization == organization && listener.Topics.Contains(topic))
            {
                listener.Wake.Writer.TryWrite(true);
            }
        }
    }

    /// One item for each burst of changes, and one whenever <paramref name="tick"/> has passed without any.
    public async IAsyncEnumerable<bool> Listen(
        OrganizationId organization, IReadOnlySet<string> topics, TimeSpan tick, [EnumeratorCancellation] CancellationToken cancel)
    {
        var key = Guid.NewGuid();
        var listener = new Listener(organization, topics, Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }));
        listeners[key] = listener;
        try
        {
            while (!cancel.IsCancellationRequested)
            {
                using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                waiting.CancelAfter(tick);
                var changed = true;
                try
                {
                    await listener.Wake.Reader.ReadAsync(waiting.Token);
                }
                catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
                {
                    changed = false;
                }
                catch (OperationCanceledException)
                {
                    yield break;
                }

                yield return changed;
            }
        }
        finally
        {
            listeners.TryRemove(key, out _);
        }
    }

    private sealed record Listener(OrganizationId Organization, IReadOnlySet<string> Topics, Channel<bool> Wake);
}

internal static class LiveRoute
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);

    public static void MapLive(this WebApplication app) => app.MapGet("/live", Stream);

    private static IResult Stream(HttpContext http, string topics, LiveSignals signals, IHostApplicationLifetime host)
    {
        var (organization, wanted) = (http.Visitor().Organization, topics.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(20).ToHashSet());
        return Results.ServerSentEvents(Events(organization, wanted, signals, host, http.RequestAborted), "changed");
    }

    private static async IAsyncEnumerable<string> Events(
        OrganizationId organization, HashSet<string> topics, LiveSignals signals, IHostApplicationLifetime host, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancel, host.ApplicationStopping);
        await foreach (var changed in signals.Listen(organization, topics, Tick, until.Token))
        {
            yield return changed ? "now" : "tick";
            // A dump reports progress many times a second; a person reads two or three.
            await Task.Delay(Pause, CancellationToken.None);
        }
    }
}
