using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MedicineMan.Host.Access;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Shell;

/// Tells open pages that something they show has changed. A page names its topics (<c>data-live="jobs job:7"</c>); on a signal the
/// script asks for the page again and replaces only the elements marked <c>data-live-part</c>. No page content passes through here,
/// so nothing can be seen that the page itself would not show. All that changes by itself changes by jobs, so theirs are the signals.
internal sealed class LiveSignals(JobChanges changes)
{
    /// One item for each burst of changes, and one whenever <paramref name="tick"/> has passed without any.
    public async IAsyncEnumerable<bool> Listen(
        OrganizationId organization, IReadOnlySet<string> topics, TimeSpan tick, [EnumeratorCancellation] CancellationToken cancel)
    {
        var wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var watchers = topics.Select(topic => Watch(organization, topic, wake.Writer, until.Token)).ToList();
        while (!cancel.IsCancellationRequested)
        {
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            waiting.CancelAfter(tick);
            var changed = true;
            try
            {
                await wake.Reader.ReadAsync(waiting.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                changed = false;
            }
            catch (OperationCanceledException)
            {
                break;
            }

            yield return changed;
        }

        await until.CancelAsync();
        await Task.WhenAll(watchers);
    }

    private async Task Watch(OrganizationId organization, string topic, ChannelWriter<bool> wake, CancellationToken cancel)
    {
        try
        {
            await foreach (var change in changes.Watch(organization.Value, topic.StartsWith("job:", StringComparison.Ordinal) ? topic[4..] : null, cancel))
            {
                wake.TryWrite(change);
            }
        }
        catch (OperationCanceledException)
        {
            // The page was closed.
        }
    }
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
