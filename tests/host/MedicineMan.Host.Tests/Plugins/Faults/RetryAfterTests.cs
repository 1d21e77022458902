using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Jobs;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Faults;

/// A job of a plugin that fails and says when it makes sense to try again.
public sealed class RetryAfterTests
{
    [Theory]
    [InlineData(3600, 3600)]
    [InlineData(1e9, 30 * 24 * 3600)]
    public async Task A_job_is_tried_again_when_its_plugin_says_but_within_a_month(double asked, double waits)
    {
        await using var host = await TestHost.Start();
        await host.Get<PluginLifecycle>().Load(PluginFolders.Troublesome, default);
        var id = await host.Get<JobQueue>().Enqueue(Failing(asked), default);

        var job = await Is(host, id, JobState.Retrying);

        Assert.InRange((job.DueAt - TimeProvider.System.GetUtcNow()).TotalSeconds, waits - 60, waits);
        Assert.Equal(("Asked too often; the service wants a pause.", 1), (job.Error, job.Failures));
    }

    [Fact]
    public async Task A_pause_of_less_than_nothing_is_none_and_the_last_attempt_is_the_last()
    {
        await using var host = await TestHost.Start();
        await host.Get<PluginLifecycle>().Load(PluginFolders.Troublesome, default);
        var id = await host.Get<JobQueue>().Enqueue(Failing(-5) with { MaxAttempts = 3 }, default);

        Assert.Equal(3, (await Is(host, id, JobState.Dead)).Attempt);
    }

    private static JobRequest Failing(double seconds) => new(
        OrganizationId.Default.Value, "plugin:tests.troublesome/fail", FormattableString.Invariant($$"""{"reason": "Asked too often; the service wants a pause.", "retryAfter": {{seconds:0}}}"""));

    private static async Task<JobRow> Is(TestHost host, string id, JobState state)
    {
        JobRow? job = null;
        await Eventually.Holds(async () => (job = await host.Get<JobQueue>().Find(OrganizationId.Default.Value, id, default))?.State == state, seconds: 60);
        return job!;
    }
}
