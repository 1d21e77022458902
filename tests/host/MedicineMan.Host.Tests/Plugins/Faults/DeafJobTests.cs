using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Jobs;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Faults;

/// A job of a plugin that goes on although it was asked to stop, in the real host with its real patience of half a minute.
public sealed class DeafJobTests
{
    private const string Id = "tests.troublesome";

    [Fact]
    public async Task A_job_that_ignores_cancellation_is_given_up_counted_and_outlived()
    {
        using var folder = new TemporaryFolder("deaf");
        await using var host = await TestHost.Start();
        await host.Get<PluginLifecycle>().Load(PluginFolders.Troublesome, default);
        var queue = host.Get<JobQueue>();
        var cancelled = await queue.Enqueue(Deaf(), default);
        var limited = await queue.Enqueue(Deaf() with { TimeLimit = TimeSpan.FromSeconds(1), MaxAttempts = 1 }, default);
        await Is(host, cancelled, JobState.Running);
        await host.Get<Database>().Write(transaction => queue.Cancel(transaction, OrganizationId.Default.Value, cancelled, default), default);

        Assert.Contains("abandoned", (await Is(host, cancelled, JobState.Cancelled)).Error, StringComparison.Ordinal);
        Assert.Contains("abandoned", (await Is(host, limited, JobState.Dead)).Error, StringComparison.Ordinal);
        var status = host.Get<PluginCatalogue>().Find(Id)!;
        Assert.Equal(["job deaf", "job deaf"], status.LatestFaults.Select(fault => fault.Where));
        Assert.Contains("did not stop within 30 s", status.LatestFaults[0].Message, StringComparison.Ordinal);

        // A new version takes over while the old one's jobs are still at it; theirs are over for the queue, and its code is seen to stay.
        host.Get<Microsoft.Extensions.Options.IOptions<PluginOptions>>().Value.DrainTimeLimit = TimeSpan.FromMilliseconds(300);
        await host.Get<PluginLifecycle>().Load(PluginFolders.Copy(PluginFolders.Troublesome, folder["next"], manifest => manifest["version"] = "2.0.0"), default);
        Assert.Equal((PluginState.Started, "2.0.0"), (host.Get<PluginCatalogue>().Find(Id)!.State, host.Get<PluginCatalogue>().Find(Id)!.Version));
        var next = await Is(host, await queue.Enqueue(Deaf() with { Type = $"plugin:{Id}/fail", MaxAttempts = 1 }, default), JobState.Dead);
        Assert.Contains("as told", next.Error, StringComparison.Ordinal);
    }

    private static JobRequest Deaf() => new(OrganizationId.Default.Value, $"plugin:{Id}/deaf", """{"reason": "as told"}""");

    private static async Task<JobRow> Is(TestHost host, string id, JobState state)
    {
        JobRow? job = null;
        await Eventually.Holds(async () => (job = await host.Get<JobQueue>().Find(OrganizationId.Default.Value, id, default))?.State == state, seconds: 90);
        return job!;
    }
}
