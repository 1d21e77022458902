using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Setup;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Cli;

/// The program that only works, as a process beside the web server.
public sealed class WorkerCommandTests
{
    [SkippableFact]
    public async Task A_worker_of_its_own_runs_the_jobs_of_its_queues_tells_how_it_is_and_stops_in_good_order()
    {
        await using var host = await TestHost.OnPostgres();
        await host.Get<JobWorker>().StopAsync(default);
        var server = await host.Get<ServerStore>().Add(OrganizationId.Default, new ServerDraft { Name = "here", Kind = ServerKind.Local }, Actor.System, default);
        var database = host.Get<HostSettings>().Database!;
        await using var idle = await HostProcess.Worker(host.Data, database, "--queues", "nightly,weekly");
        var job = await host.Get<ScanQueue>().Enqueue(OrganizationId.Default, await host.Get<ServerStore>().Get(OrganizationId.Default, server, default), Actor.System, default);
        using var client = new HttpClient();
        await Eventually.Holds(async () => (await client.GetStringAsync(new Uri($"{idle.Url}/metrics"))).Contains("medicineman_jobs_ready{queue=\"default\"} 1", StringComparison.Ordinal));
        Assert.Equal(JobState.Ready, (await host.Get<JobQueue>().Find("default", job, default))!.State);

        await using var worker = await HostProcess.Worker(host.Data, database, "--concurrency", "3");
        await Eventually.Holds(async () => (await host.Get<JobQueue>().Find("default", job, default))!.State == JobState.Succeeded);

        Assert.Equal("ok", await client.GetStringAsync(new Uri($"{worker.Url}/healthz")));
        using var page = await client.GetAsync(new Uri($"{worker.Url}/jobs"));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, page.StatusCode);
        await Eventually.Holds(async () => await client.GetStringAsync(new Uri($"{idle.Url}/metrics")) is var figures
            && figures.Contains("medicineman_jobs_ready{queue=\"default\"} 0", StringComparison.Ordinal)
            && figures.Contains("medicineman_jobs_oldest_wait_seconds{queue=\"weekly\"} 0", StringComparison.Ordinal));
        Assert.Contains("medicineman_worker_ended 1", await client.GetStringAsync(new Uri($"{worker.Url}/metrics")), StringComparison.Ordinal);
        var name = (await host.Get<JobQueue>().Find("default", job, default))!.Worker;
        Assert.Equal(0, await worker.Terminate());
        var row = (await host.Get<JobMonitor>().Workers(default)).Single(one => one.Name == name);
        Assert.Equal(3, row.Concurrency);
        Assert.NotNull(row.StoppedAt);
    }

    [SkippableFact]
    public async Task A_host_without_a_worker_serves_and_leaves_the_jobs_to_others()
    {
        await using var host = await TestHost.OnPostgres();
        var database = host.Get<HostSettings>().Database!;
        await host.Get<JobWorker>().StopAsync(default);
        await using var serving = await HostProcess.Start(host.Data, database, ("MEDICINEMAN__NOWORKER", "true"));
        var server = await host.Get<ServerStore>().Add(OrganizationId.Default, new ServerDraft { Name = "here", Kind = ServerKind.Local }, Actor.System, default);
        var job = await host.Get<ScanQueue>().Enqueue(OrganizationId.Default, await host.Get<ServerStore>().Get(OrganizationId.Default, server, default), Actor.System, default);
        await Eventually.Holds(async () => (await host.Get<JobMonitor>().Workers(default)).Any(one => one.Concurrency == 0));
        await Task.Delay(1500);
        Assert.Equal(JobState.Ready, (await host.Get<JobQueue>().Find("default", job, default))!.State);

        await using var worker = await HostProcess.Worker(host.Data, database, "--queues", "default");
        await Eventually.Holds(async () => (await host.Get<JobQueue>().Find("default", job, default))!.State == JobState.Succeeded);
    }

    [Fact]
    public async Task A_host_without_a_worker_is_refused_where_nobody_else_could_work()
    {
        using var folder = new TemporaryFolder("serve");
        var (code, error) = await HostProcess.Fail("--data", folder["data"], "--no-worker");

        Assert.Equal(1, code);
        Assert.Contains("SQLite belongs to one process", Assert.Single(error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["data"]));
    }

    [Theory]
    [InlineData("SQLite belongs to one process")]
    [InlineData("no name of a queue", "--database", "Host=nowhere", "--queues", "Bad/Name")]
    [InlineData("at least 1", "--database", "Host=nowhere", "--concurrency", "0")]
    public async Task What_a_worker_cannot_do_is_one_sentence(string sentence, params string[] more)
    {
        using var folder = new TemporaryFolder("worker");
        var (code, error) = await HostProcess.Fail(["worker", "--data", folder["data"], .. more]);

        Assert.Equal(1, code);
        Assert.Contains(sentence, Assert.Single(error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["data"]));
    }
}
