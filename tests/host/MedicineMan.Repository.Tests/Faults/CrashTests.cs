using System.Diagnostics;
using System.Globalization;
using MedicineMan.Repository.Tests.Fixtures;
using Xunit.Abstractions;

namespace MedicineMan.Repository.Tests.Faults;

/// <summary>kill -9 for real. MEDICINEMAN_KILLS sets how many times; 200 for the long run.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("MEDICINEMAN_KILLS") ?? "20", CultureInfo.InvariantCulture);

    [SkippableFact]
    public async Task Whatever_is_killed_at_whatever_point_every_snapshot_restores_bit_for_bit()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await CrashChild.BackUp(ours.Repository, 1);
        var killed = new List<string>();
        for (var kill = 0; kill < Kills; kill++)
        {
            killed.Add(await RunAndKill(ours.Folder, random));

            // What comes next needs no help: the locks and leftovers of the dead are dealt with.
            await CrashChild.BackUp(ours.Repository, random.Next());
            await ExpectEverySnapshotWhole(ours);
            await ours.Restic.Run("check", "--read-data");
        }

        var report = await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);
        Assert.Empty(report.Problems);
        output.WriteLine($"Seed {seed}. Killed in: {string.Join(", ", killed.CountBy(step => step).OrderBy(step => step.Key).Select(step => $"{step.Key} {step.Value}"))}");
    }

    private static async Task ExpectEverySnapshotWhole(TestRepository ours)
    {
        var snapshots = await ours.Repository.Snapshots(default).ToListAsync();
        Assert.NotEmpty(snapshots);
        foreach (var snapshot in snapshots)
        {
            var (noise, rows) = CrashChild.Content(int.Parse(snapshot.Tags.Single(), CultureInfo.InvariantCulture));
            Assert.Equal(noise, await ours.Read(snapshot.Id, "noise"));
            Assert.Equal(rows, await ours.Read(snapshot.Id, "rows"));
        }
    }

    /// <returns>The step it was killed in.</returns>
    private static async Task<string> RunAndKill(string repository, Random random)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(CrashChild).Assembly.Location, repository, random.Next().ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var child = Process.Start(start)!;
        var complaint = child.StandardError.ReadToEndAsync();
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync());
        await Task.Delay(random.Next(50, 2500));
        var ended = child.HasExited;
        child.Kill();
        Assert.False(ended, $"The child ended by itself: {await complaint}");
        var steps = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        return steps.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("ready");
    }
}
