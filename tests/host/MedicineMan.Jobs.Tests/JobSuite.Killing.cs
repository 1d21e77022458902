using System.Diagnostics;
using MedicineMan.Jobs.TestWorker;
using MedicineMan.Testbed;

namespace MedicineMan.Jobs.Tests;

public abstract partial class JobSuite
{
    [SkippableFact]
    public async Task Processes_killed_in_the_middle_lose_nothing_and_double_nothing()
    {
        using var folder = new TemporaryFolder();
        await using var rig = await Start();
        var ids = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            var key = i % 4 == 0 ? $"server {i % 3}" : null;
            ids.Add(await rig.Enqueue("count", request => request with { MaxAttempts = 100, ConcurrencyKey = key }));
        }

        var workers = Enumerable.Range(0, 3).Select(i => StartProcess(rig.Database, folder[$"node{i}"])).ToArray();
        for (var kill = 0; kill < 8; kill++)
        {
            await WaitUntilSomethingRuns(rig);
            await Task.Delay(Random.Shared.Next(0, 200));
            var victim = kill % workers.Length;
            workers[victim].Kill();
            await workers[victim].WaitForExitAsync();
            workers[victim].Dispose();
            workers[victim] = StartProcess(rig.Database, folder[$"node{victim}"]);
        }

        foreach (var id in ids)
        {
            await rig.Until(id, JobState.Succeeded, seconds: 60);
            Assert.Single(await rig.Attempts(id), attempt => attempt.Outcome == "succeeded");
        }

        foreach (var worker in workers)
        {
            worker.StandardInput.Close();
            await worker.WaitForExitAsync();
            Assert.Equal(0, worker.ExitCode);
            worker.Dispose();
        }

        Assert.Equal(200, await rig.Database.Query<long>("select count(*) from effects"));
        Assert.Equal(200, await rig.Database.Query<long>("select count(distinct job_id) from effects"));
        Assert.True(await rig.Database.Query<long>("select count(*) from job_attempts where outcome = 'lost'") > 0, "No kill hit a running job.");
    }

    private static async Task WaitUntilSomethingRuns(Rig rig)
    {
        for (var end = DateTime.UtcNow.AddSeconds(10);
             DateTime.UtcNow < end && await rig.Database.Query<long>("select count(*) from jobs where state = 'running'") < 4;)
        {
            await Task.Delay(20);
        }
    }

    private static Process StartProcess(TestDatabase database, string nodeFile)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(CountHandler).Assembly.Location, database.Dialect.ToString(), nodeFile])
        {
            RedirectStandardInput = true,
        };
        var process = Process.Start(start)!;
        process.StandardInput.WriteLine(database.ConnectionString);
        process.StandardInput.Flush();
        return process;
    }
}
