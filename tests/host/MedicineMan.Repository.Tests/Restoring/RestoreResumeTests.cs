using System.Globalization;
using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Restoring.Targets;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk.Testing.Storage;
using Xunit.Abstractions;

namespace MedicineMan.Repository.Tests.Restoring;

/// <summary>A restore that was interrupted: what has its name is complete, and the next attempt goes on. MEDICINEMAN_KILLS sets how many are killed.</summary>
public sealed class RestoreResumeTests(ITestOutputHelper output)
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("MEDICINEMAN_KILLS") ?? "4", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_restore_that_is_cancelled_in_a_file_goes_on_in_that_file()
    {
        FailingStorage? watched = null;
        await using var ours = await TestRepository.Create(storage => watched = new FailingStorage(storage));
        var content = Some.Noise(60_000_000);
        await ours.BackUp(("large", content));
        var reads = 0;
        watched!.OnRead = key => reads += key.StartsWith("data/", StringComparison.Ordinal) ? 1 : 0;
        await Restore(ours, "whole", null, default);
        var all = reads;

        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Restore(ours, "out", new StopAt(40_000_000, stop), stop.Token));
        Assert.Equal([".medicineman-"], Directory.GetFiles(ours.Scratch["out"]).Select(file => Path.GetFileName(file)[..13]));
        reads = 0;
        var report = await Restore(ours, "out", null, default);

        Assert.Empty(report.Problems);
        Assert.InRange(report.Bytes, 1, 25_000_000);
        Assert.InRange(reads, 1, all * 2 / 3);
        Assert.Equal(["large"], Directory.GetFiles(ours.Scratch["out"]).Select(Path.GetFileName));
        Assert.Equal(content, File.ReadAllBytes(ours.Scratch["out/large"]));
    }

    [Fact]
    public async Task What_is_half_written_is_never_taken_for_something_else()
    {
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("file", "stored"u8.ToArray()));
        var unfinished = new Place(null, ours.Scratch["out"], []).UnfinishedName("file");
        ours.Scratch.Write("precious", "mine");
        Directory.CreateDirectory(ours.Scratch["out"]);

        // Somebody has put there what leads to, or is, a file outside.
        File.CreateSymbolicLink(ours.Scratch["out/" + unfinished], ours.Scratch["precious"]);
        Assert.Empty((await Restore(ours, "out", null, default)).Problems);
        File.Delete(ours.Scratch["out/file"]);
        await Shell.Run("ln \"$1\" \"$2\"", ours.Scratch["precious"], ours.Scratch["out/" + unfinished]);
        Assert.Empty((await Restore(ours, "out", null, default)).Problems);

        Assert.Equal("mine", File.ReadAllText(ours.Scratch["precious"]));
        Assert.Equal("stored", File.ReadAllText(ours.Scratch["out/file"]));
        Assert.Null(File.ResolveLinkTarget(ours.Scratch["out/file"], false));
    }

    [Fact]
    public async Task A_restore_that_is_killed_anywhere_leaves_whole_files_and_folders_and_goes_on()
    {
        await using var ours = await TestRepository.Create();
        for (var i = 0; i < 10; i++)
        {
            Directory.CreateDirectory(ours.Scratch[$"source/sub/{i}"]);
        }

        for (var i = 0; i < 120; i++)
        {
            File.WriteAllBytes(ours.Scratch[$"source/{(i % 3 == 0 ? $"sub/{i % 10}/" : "")}file{i}"], Some.Noise(i % 20 == 0 ? 8_000_000 : 30_000 * (i % 7), seed: i));
        }

        await ours.BackUpFolder(ours.Scratch["source"]);
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var found = new List<int>();
        for (var kill = 0; kill < Kills; kill++)
        {
            using var child = RestoreChild.Start(ours.Folder, ours.Scratch["out"]);
            for (var lines = random.Next(2, 110); lines > 0 && await child.StandardOutput.ReadLineAsync() is not null; lines--)
            {
            }

            child.Kill();
            await child.WaitForExitAsync();
            found.Add(await ExpectWholeFiles(ours));
            ExpectWholeFolders(ours);
            if (kill % 2 == 1)
            {
                await Shell.Run("rm -rf \"$1\"", ours.Scratch["out"]);
            }
        }

        var before = await Inodes(ours);
        var report = await Restore(ours, "out", null, default);
        Assert.Empty(report.Problems);
        Assert.Equal(await Shell.Listing(ours.Scratch["source"]), await Shell.Listing((ours.Scratch["out"] + ours.Scratch["source"])));
        Assert.Subset((await Inodes(ours)).ToHashSet(), before.ToHashSet());
        Assert.Equal(before.Count, report.Unchanged);
        output.WriteLine($"Seed {seed}. Whole files after each kill: {string.Join(' ', found)}");
    }

    private static async Task<int> ExpectWholeFiles(TestRepository ours)
    {
        var restored = (ours.Scratch["out"] + ours.Scratch["source"]);
        var files = Directory.Exists(restored) ? Directory.GetFiles(restored, "*", SearchOption.AllDirectories).Where(file => !Path.GetFileName(file).StartsWith('.')).ToList() : [];
        foreach (var file in files)
        {
            Assert.Equal(await File.ReadAllBytesAsync(ours.Scratch["source"] + file[restored.Length..]), await File.ReadAllBytesAsync(file));
        }

        return files.Count;
    }

    // One that has its time is not touched again, by a restore or by whoever compares times.
    private static void ExpectWholeFolders(TestRepository ours)
    {
        foreach (var source in Directory.GetDirectories(ours.Scratch["source"], "*", SearchOption.AllDirectories).Append(ours.Scratch["source"]))
        {
            var restored = ours.Scratch["out"] + source;
            if (Directory.Exists(restored) && Directory.GetLastWriteTimeUtc(restored) == Directory.GetLastWriteTimeUtc(source))
            {
                Assert.Equal(Directory.GetFileSystemEntries(source).Select(Path.GetFileName).Order(), Directory.GetFileSystemEntries(restored).Select(Path.GetFileName).Order());
            }
        }
    }

    private static async Task<List<string>> Inodes(TestRepository ours) =>
        [.. (await Shell.Run("[ ! -d \"$1\" ] || { cd \"$1\" && find . -type f ! -name '.medicineman-*' -printf '%P %i\\n'; }", ours.Scratch["out"])).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private static async Task<RestoreReport> Restore(TestRepository ours, string target, IProgress<RestoreProgress>? progress, CancellationToken cancel)
    {
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        return await tree.Restore(new RestoreOptions([], ours.Scratch[target]), progress, cancel);
    }

    private sealed class StopAt(long bytes, CancellationTokenSource stop) : IProgress<RestoreProgress>
    {
        public void Report(RestoreProgress value)
        {
            if (value.Bytes >= bytes)
            {
                stop.Cancel();
            }
        }
    }
}
