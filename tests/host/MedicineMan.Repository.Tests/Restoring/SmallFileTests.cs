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
        File.SetUnixFileMode(pack.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (var file = pack.Open(FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = file.Length / 2;
            var old = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(old ^ 1));
        }

        var report = await Restore(ours);

        var problem = Assert.Single(report.Problems);
        Assert.Contains("is damaged at byte", problem, StringComparison.Ordinal);
        Assert.Equal(Count - 1, report.Files);
        var missing = Assert.Single(Enumerable.Range(0, Count), at => !File.Exists(ours.Scratch[$"out/source/{at:0000}"]));
        Assert.Contains($"/{missing:0000} was not restored", problem, StringComparison.Ordinal);
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

    private static async Task<RestoreReport> Restore(TestRepository ours)
    {
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        return await tree.Restore(new RestoreOptions(ours.Scratch["source"].Split('/', StringSplitOptions.RemoveEmptyEntries), ours.Scratch["out"]), null, default);
    }
}
