using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Repository.Tests.Reference;

namespace MedicineMan.Repository.Tests.Formats;

/// <summary>A second reader that shares no code with the engine judges what was written, and what it says is right by what restic wrote.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public async Task Streams_of_many_backups_are_written_as_the_format_is_described()
    {
        await using var ours = await TestRepository.Create();
        for (var i = 0; i < 10; i++)
        {
            await ours.BackUp(($"db/table {i}", Some.Rows(1000 * i, seed: i)), ("empty", []), ("one", [7]));
        }

        var large = await ours.BackUp(("noise", Some.Noise(20_000_000)), ("deep/er/rows", Some.Rows(30_000)));

        using var reader = ReferenceRepository.Open(ours.Folder, TestRepository.Password);
        Assert.Empty(reader.Check());
        Assert.Equal(11, reader.Snapshots.Count);
        Assert.InRange(reader.Packs.Count, 20, 40);
        reader.Restore(large.Id.ToString(), ours.Scratch["restored"]);
        Assert.Equal(Some.Noise(20_000_000), File.ReadAllBytes(ours.Scratch["restored/noise"]));
        Assert.Equal(Some.Rows(30_000), File.ReadAllBytes(ours.Scratch["restored/deep/er/rows"]));
    }

    [Fact]
    public async Task A_folder_with_odd_names_is_written_as_the_format_is_described_and_comes_back_as_it_was()
    {
        await using var ours = await TestRepository.Create();
        var source = await OddFolder.Make(ours.Scratch["source"]);
        var committed = await ours.BackUpFolder(source);
        Assert.Empty(committed.Skipped);

        using var reader = ReferenceRepository.Open(ours.Folder, TestRepository.Password);
        Assert.Empty(reader.Check());
        reader.Restore(committed.Id.ToString(), ours.Scratch["restored"]);
        Assert.Equal(await Shell.Listing(source), await Shell.Listing(ours.Scratch["restored"] + source));
    }

    [SkippableTheory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task What_restic_wrote_in_either_version_is_as_described_and_we_list_browse_check_and_restore_it(string version)
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        var source = await OddFolder.Make(scratch["source"]);
        var restic = new Restic(scratch["repository"], "secret", scratch["home"]);
        await restic.Run("init", "--repository-version", version);
        await restic.Run("backup", source, "--tag", "first", "--pack-size", "4");
        File.WriteAllBytes(Path.Combine(source, "sub/rows"), Some.Rows(50_000));
        await restic.Run("backup", source, "--tag", "second", "--pack-size", "4");

        using (var reader = ReferenceRepository.Open(scratch["repository"], "secret"))
        {
            Assert.Equal(version, $"{reader.Version}");
            Assert.Empty(reader.Check());
        }

        await using var storage = await TestRepository.OpenStorage(scratch["repository"]);
        using var repository = await TestRepository.Open(storage, "secret");
        Assert.Equal(version, $"{repository.Version}");
        Assert.True((await repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
        var snapshots = await repository.Snapshots(default).ToListAsync();
        Assert.Equal(["first", "second"], snapshots.SelectMany(snapshot => snapshot.Tags));
        await using var tree = await repository.OpenSnapshot("latest", default);
        var names = (await tree.List(Segments(source), default)).Select(node => node.Name).ToList();
        Assert.Equal(19, names.Count);
        Assert.Contains("new\nline", names);
        var report = await tree.Restore(new RestoreOptions(Segments(source), scratch["restored"]), null, default);
        Assert.Empty(report.Problems);
        Assert.Equal(await Shell.Listing(source), await Shell.Listing(scratch["restored/source"]));
    }

    [Fact]
    public async Task The_second_reader_sees_each_kind_of_departure()
    {
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("rows", Some.Rows(3000)));
        await ours.BackUp(("noise", Some.Noise(100_000)));
        var pack = Directory.GetFiles(Path.Combine(ours.Folder, "data"), "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;
        var whole = File.ReadAllBytes(pack);

        Assert.Contains(await Deviations(whole[..^1]), found => found.EndsWith("has no header that opens", StringComparison.Ordinal));
        Assert.Contains(await Deviations([.. whole[..100], (byte)(whole[100] ^ 1), .. whole[101..]]), found => found.Contains("something else than blob", StringComparison.Ordinal));
        Assert.Contains(await Deviations(null), found => found.EndsWith("is in the index and not stored", StringComparison.Ordinal));
        File.WriteAllBytes(pack, whole);
        File.Delete(Directory.GetFiles(Path.Combine(ours.Folder, "index"))[0]);
        using var reader = ReferenceRepository.Open(ours.Folder, TestRepository.Password);
        Assert.Contains(reader.Check(), found => found.EndsWith("has another header than the index says", StringComparison.Ordinal));

        async Task<IReadOnlyList<string>> Deviations(byte[]? content)
        {
            File.Delete(pack);
            await File.WriteAllBytesAsync(content is null ? ours.Scratch["aside"] : pack, content ?? []);
            using var damaged = ReferenceRepository.Open(ours.Folder, TestRepository.Password);
            try
            {
                return damaged.Check();
            }
            catch (Exception failure) when (failure is InvalidDataException or IOException)
            {
                return damaged.Deviations;
            }
        }
    }

    private static string[] Segments(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
