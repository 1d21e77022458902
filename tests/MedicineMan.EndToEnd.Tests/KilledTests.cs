using System.Runtime.InteropServices;
using MedicineMan.EndToEnd.Tests.Fixtures;
using Microsoft.Data.Sqlite;

namespace MedicineMan.EndToEnd.Tests;

/// The program is killed in the middle of each truth of a backup. Started again on the same data, it brings the run to "proven" by itself.
public sealed class KilledTests
{
    private const int Kill = 9;

    [SkippableFact]
    public async Task A_kill_in_the_dump_loses_nothing_and_doubles_nothing()
    {
        await using var clinic = await Clinic.Open();
        var (shelf, plan) = await Prepare(clinic, megabytes: 120);
        var run = await clinic.Start(plan);
        await clinic.InTheDump();
        await clinic.Host.Kill();
        Assert.Equal(0, shelf.Files("snapshots"));
        await ComesToProven(clinic, shelf, plan, run);
    }

    [SkippableFact]
    public async Task A_kill_between_index_and_snapshot_loses_nothing_and_doubles_nothing()
    {
        await using var clinic = await Clinic.Open();
        var (shelf, plan) = await Prepare(clinic, megabytes: 8);
        var host = clinic.Host.Id;
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var index = new FileSystemWatcher(Path.Combine(shelf.Path, "index"));
        index.Created += (_, _) => Strike();
        index.Renamed += (_, _) => Strike();
        index.EnableRaisingEvents = true;
        var run = await clinic.Start(plan);
        await killed.Task.WaitAsync(TimeSpan.FromMinutes(2));
        await clinic.Host.Kill();
        await ComesToProven(clinic, shelf, plan, run);

        void Strike()
        {
            _ = kill(host, Kill);
            killed.TrySetResult();
        }
    }

    [SkippableFact]
    public async Task A_kill_between_the_snapshot_and_its_record_takes_the_snapshot_over()
    {
        await using var clinic = await Clinic.Open();
        var (shelf, plan) = await Prepare(clinic, megabytes: 60);

        // With the database held by somebody else the snapshot can be committed, but not be recorded.
        await using var held = new SqliteConnection($"Data Source={Path.Combine(clinic.Data, "medicineman.db")};Pooling=false");
        await held.OpenAsync();
        var run = await clinic.Start(plan);
        await Until(() => Task.FromResult(shelf.Files("data") > 0));
        await using (var hold = held.CreateCommand())
        {
            hold.CommandText = "begin immediate";
            await hold.ExecuteNonQueryAsync();
        }

        await Until(() => Task.FromResult(shelf.Files("snapshots") > 0));
        await clinic.Host.Kill();
        Assert.Equal(1, shelf.SnapshotsOf(run));
        await held.DisposeAsync();
        await ComesToProven(clinic, shelf, plan, run);
    }

    [SkippableFact]
    public async Task A_kill_in_the_proof_leaves_no_scratch_database()
    {
        await using var clinic = await Clinic.Open();
        var (shelf, plan) = await Prepare(clinic, megabytes: 60);
        var run = await clinic.Start(plan);
        await Until(async () => await clinic.Scratch() > 0);
        await clinic.Host.Kill();
        Assert.Equal(1, await clinic.Scratch());
        await ComesToProven(clinic, shelf, plan, run);
    }

    private static async Task<(Shelf Shelf, string Plan)> Prepare(Clinic clinic, int megabytes)
    {
        await clinic.Rows("shop", megabytes);
        var shelf = await clinic.Shelf("shelf");
        return (shelf, await clinic.Plan(await clinic.ThisMachine(), shelf, "shop"));
    }

    private static async Task ComesToProven(Clinic clinic, Shelf shelf, string plan, string run)
    {
        await clinic.StartAgain();
        await clinic.Proven(await clinic.Ended(run));
        Assert.Equal(1, shelf.SnapshotsOf(run));
        Assert.Equal(0, await clinic.Scratch());
        await clinic.Proven(await clinic.BackUp(plan));
        Assert.Equal(2, shelf.Files("snapshots"));
        Assert.Contains("no errors were found", shelf.Restic("check", "--read-data"), StringComparison.Ordinal);
    }

    private static async Task Until(Func<Task<bool>> reached)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddMinutes(3);
        while (!await reached())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < deadline, "The moment to strike never came.");
            await Task.Delay(5);
        }
    }

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
