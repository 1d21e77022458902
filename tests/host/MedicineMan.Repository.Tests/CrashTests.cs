using System.Diagnostics;
using System.Globalization;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests;

public sealed class CrashTests
{
    private const int Kills = 10;

    [SkippableFact]
    public async Task Backups_killed_at_random_points_harm_nothing()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var kept = await ours.BackUp(("rows", Some.Rows(30_000)));
        var random = new Random();
        for (var kill = 0; kill < Kills; kill++)
        {
            await RunAndKill(ours.Folder, kill, TimeSpan.FromMilliseconds(random.Next(50, 1500)));

            var after = await ours.BackUp(("after", Some.Rows(1000, seed: kill)));
            Assert.Equal(Some.Rows(1000, seed: kill), await ours.Read(after.Id, "after"));
            Assert.Equal(Some.Rows(30_000), await ours.Read(kept.Id, "rows"));
        }

        var report = await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);
        Assert.Empty(report.Problems);
        await ours.Restic.Run("check", "--read-data");
    }

    private static async Task RunAndKill(string repository, int seed, TimeSpan after)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(CrashChild).Assembly.Location, repository, seed.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        using var child = Process.Start(start)!;
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync());
        await Task.Delay(after);
        Assert.False(child.HasExited, "The child ended by itself.");
        child.Kill();
        await child.WaitForExitAsync();
    }
}
