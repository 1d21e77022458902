using MedicineMan.Repository.Archiving;
using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.Restoring;

/// <summary>Small files, whose blocks lie side by side: what is read together of them.</summary>
public sealed class SmallFileTests
{
    private const int Count = 5000;

    [Fact]
    public async Task Small_files_are_read_many_at_a_time_and_each_alone_where_few_are_wanted()
    {
        MeteredStorage? storage = null;
        await using var ours = await TestRepository.Create(inner => storage = new MeteredStorage(inner));
        await BackUp(ours);

        var before = storage!.Reads;
        Assert.Empty((await Restore(ours)).Problems);
        // All are some 15 MiB, and 40 reads.
        Assert.InRange(storage.Reads - before, 1, 80);
        Assert.Equal("", await Shell.Run("diff -r \"$1\" \"$2\"", ours.Scratch["source"], ours.Scratch["out/source"]));

        File.Delete(ours.Scratch["out/source/0017"]);
        before = storage.Reads;
        Assert.Equal(1, (await Restore(ours)).Files);
        // The others' lists on the way are read, too.
        Assert.InRange(storage.Reads - before, 2, 8);
        Assert.Equal(Content(17), File.ReadAllBytes(ours.Scratch["out/source/0017"]));
    }

    [Fact]
    public async Task A_damaged_block_costs_its_own_file_and_none_of_those_beside_it()
    {
        await using var ours = await TestRepository.Create();
        await BackUp(ours);
        var pack = new DirectoryInfo(ours.Scratch["repository/data"]).EnumerateFiles("*", SearchOption.AllDirectories).MaxBy(file => file.Length)!;
        await Damage(pack);

        var report = await Restore(ours);

        var problem = Assert.Single(report.Problems);
        Assert.Contains("is damaged at byte", problem, StringComparison.Ordinal);
        Assert.Equal(Count - 1, report.Files);
        var missing = Assert.Single(Enumerable.Range(0, Count), at => !File.Exists(ours.Scratch[$"out/source/{at:0000}"]));
        Assert.Contains($"/{missing:0000} was not restored", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Small_folders_are_read_many_at_a_time_their_listings_and_their_files()
    {
        MeteredStorage? storage = null;
        await using var ours = await TestRepository.Create(inner => storage = new MeteredStorage(inner));
        await BackUpFolders(ours);

        var before = storage!.Reads;
        Assert.Empty((await Restore(ours)).Problems);

        // 1,111 folders and 3,000 files, which are some 9 MiB, and 40 reads.
        Assert.InRange(storage.Reads - before, 1, 80);
        Assert.Equal(await Shell.Listing(ours.Scratch["source"]), await Shell.Listing(ours.Scratch["out/source"]));

        foreach (var format in Enum.GetValues<ArchiveFormat>())
        {
            before = storage.Reads;
            await using var tree = await ours.Repository.OpenSnapshot("latest", default);
            using var archive = new MemoryStream();
            Assert.Empty((await tree.DumpArchive([], format, null, archive, default)).Problems);
            Assert.InRange(archive.Length, 8_000_000, 20_000_000);
            Assert.InRange(storage.Reads - before, 1, 120);
        }
    }

    [Fact]
    public async Task A_damaged_listing_costs_its_own_folder_and_none_of_those_beside_it()
    {
        await using var ours = await TestRepository.Create();
        await BackUpFolders(ours);
        var pack = new DirectoryInfo(ours.Scratch["repository/data"]).EnumerateFiles("*", SearchOption.AllDirectories).MinBy(file => file.Length)!;
        await Damage(pack);

        var report = await Restore(ours);

        Assert.Contains("is damaged at byte", Assert.Single(report.Problems), StringComparison.Ordinal);
        var missing = await Shell.Run("diff -rq \"$1\" \"$2\" || true", ours.Scratch["source"], ours.Scratch["out/source"]);
        Assert.InRange(missing.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 13);
    }

    private static async Task Damage(FileInfo pack)
    {
        File.SetUnixFileMode(pack.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var file = pack.Open(FileMode.Open, FileAccess.ReadWrite);
        file.Position = file.Length / 2;
        var old = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(old ^ 1));
    }

    private static byte[] Content(int number) => Some.Noise(1000 + number % 4096, number);

    private static async Task BackUp(TestRepository ours)
    {
        Directory.CreateDirectory(ours.Scratch["source"]);
        for (var at = 0; at < Count; at++)
        {
            File.WriteAllBytes(ours.Scratch[$"source/{at:0000}"], Content(at));
        }

        await ours.BackUpFolder(ours.Scratch["source"]);
    }

    // A thousand folders in a hundred in ten, with three files each.
    private static async Task BackUpFolders(TestRepository ours)
    {
        for (var at = 0; at < 3000; at++)
        {
            var path = ours.Scratch[$"source/{at / 300}/{at / 30 % 10}/{at / 3 % 10}/{at}"];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, Content(at));
        }

        await ours.BackUpFolder(ours.Scratch["source"]);
    }

    private static async Task<RestoreReport> Restore(TestRepository ours)
    {
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        return await tree.Restore(new RestoreOptions(ours.Scratch["source"].Split('/', StringSplitOptions.RemoveEmptyEntries), ours.Scratch["out"]), null, default);
    }
}
