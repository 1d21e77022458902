using System.Formats.Tar;
using System.IO.Compression;
using MedicineMan.Repository.Archiving;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Restoring;

/// <summary>Folders as archives: judged by the tar, unzip and python of this machine, and by the framework's readers.</summary>
public sealed class ArchiveTests
{
    private static readonly string Deep = string.Join('/', Enumerable.Repeat("a folder with quite a long name", 7)) + "/" + new string('n', 120);

    [SkippableFact]
    public async Task The_real_tar_unpacks_all_that_a_backup_keeps()
    {
        await using var ours = await TestRepository.Create();
        var source = await OddFolder.Make(ours.Scratch["source"]);
        ours.Scratch.Write("source/" + Deep, "deep");
        await Shell.Run("cd \"$1\" && ln sub/rows \"$2.link\" && ln -s \"$(printf %0150d 7)\" longlink && touch -d '1969-12-31 12:00:00.25' plain && printf x > \"$(printf '%0110d\\376' 1)\"", source, Deep);
        var isRoot = Posix.UserId() == 0;
        if (isRoot)
        {
            await Shell.Run("cd \"$1\" && mknod null c 1 3 && mknod disk b 259 1048575 && chown 3000000:12 plain", source);
        }

        await Shell.Run("cd \"$1\" && { setfattr -n user.note -v yes sub/rows && setfattr -n 'user.a=b%' -v '' sub; } 2>/dev/null || true", source);
        await ours.BackUpFolder(source);
        var report = await Dump(ours, source, ArchiveFormat.Tar, "archive");
        Assert.Empty(report.Problems);
        Assert.Equal(new FileInfo(ours.Scratch["archive"]).Length, report.Bytes);

        await Shell.Run("mkdir \"$2\" && tar --xattrs --xattrs-include='*' -xpf \"$1\" -C \"$2\" 2>&1", ours.Scratch["archive"], ours.Scratch["out"]);

        Assert.Equal(await Shell.Listing(source), await Shell.Listing(ours.Scratch["out"] + source));
        Assert.Equal(await Facts(source), await Facts(ours.Scratch["out"] + source));
        Assert.Equal(Attributes(source + "/sub/rows"), Attributes(ours.Scratch["out"] + source + "/sub/rows"));
        Assert.Equal(Attributes(source + "/sub"), Attributes(ours.Scratch["out"] + source + "/sub"));
        var read = 0;
        using var reader = new TarReader(File.OpenRead(ours.Scratch["archive"]));
        while (await reader.GetNextEntryAsync() is not null)
        {
            read++;
        }

        Assert.Equal((await Shell.Run("find \"$1\" -printf '.'", source)).Length, read);
    }

    [Fact]
    public async Task Any_stretch_of_a_tar_archive_or_a_file_is_that_of_the_whole_and_reads_no_more_than_it_needs()
    {
        FailingStorage? watched = null;
        await using var ours = await TestRepository.Create(storage => watched = new FailingStorage(storage));
        var source = ours.Scratch["source"];
        ours.Scratch.Write("source/" + Deep, "deep");
        File.WriteAllBytes(ours.Scratch["source/large"], Some.Noise(30_000_000));
        for (var i = 0; i < 40; i++)
        {
            ours.Scratch.Write($"source/sub{i % 4}/file{i}", new string('x', i * 100));
        }

        await ours.BackUpFolder(source);
        await Dump(ours, source, ArchiveFormat.Tar, "archive");
        var whole = File.ReadAllBytes(ours.Scratch["archive"]);
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        await using var stream = await tree.OpenArchive(Segments(source), default);
        Assert.Equal(whole.Length, stream.Length);

        var reads = 0;
        watched!.OnRead = key => reads += key.StartsWith("data/", StringComparison.Ordinal) ? 1 : 0;
        var random = new Random(1);
        foreach (var length in new[] { 0, 1, 511, 512, 513, 5000, 200_000, 3_000_000 })
        {
            foreach (var offset in new[] { 0, whole.Length - length, random.Next(whole.Length - length + 1) })
            {
                using var part = new MemoryStream();
                await tree.DumpArchive(Segments(source), ArchiveFormat.Tar, new ByteRange(offset, length), part, default);
                Assert.True(whole.AsSpan(offset, length).SequenceEqual(part.ToArray()), $"{length} bytes from {offset} on");
                stream.Position = offset;
                var read = new byte[length];
                await stream.ReadExactlyAsync(read);
                Assert.True(whole.AsSpan(offset, length).SequenceEqual(read), $"{length} bytes from {offset} on, read");
            }
        }

        reads = 0;
        using var last = new MemoryStream();
        await tree.Dump([.. Segments(source), "large"], new ByteRange(29_999_990, 100), last, default);
        Assert.Equal(Some.Noise(30_000_000)[29_999_990..], last.ToArray());
        Assert.InRange(reads, 1, 8);
    }

    [Fact]
    public async Task A_stream_stored_as_patches_can_be_read_from_anywhere()
    {
        const int Size = 8 << 20;
        await using var ours = await TestRepository.Create();
        var first = await ours.BackUp(("db/dump", Some.Table(Size)));
        var content = Some.Table(Size, changeEvery: 100);
        await using (var session = await ours.Repository.BeginSnapshot(TestRepository.Options() with { Parent = first.Id }, default))
        {
            await session.AddStream(["db", "dump"], new MemoryStream(content), ChunkProfile.Stream, default);
            await session.Commit(default);
        }

        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        await using var stream = await tree.OpenFile(["db", "dump"], default);
        var read = new byte[100_000];
        foreach (var offset in new[] { 5_000_000, 0, Size - 100_000 })
        {
            stream.Seek(offset, SeekOrigin.Begin);
            await stream.ReadExactlyAsync(read);
            Assert.True(content.AsSpan(offset, read.Length).SequenceEqual(read));
        }

        await using var archive = await tree.OpenArchive([], default);
        await using var entries = new TarReader(archive);
        await entries.GetNextEntryAsync();
        var entry = await entries.GetNextEntryAsync();
        using var unpacked = new MemoryStream();
        await entry!.DataStream!.CopyToAsync(unpacked);
        Assert.Equal(("db/dump", true), (entry.Name, content.AsSpan().SequenceEqual(unpacked.ToArray())));
    }

    [SkippableFact]
    public async Task The_real_unzip_python_and_the_framework_unpack_a_zip_archive()
    {
        await using var ours = await TestRepository.Create();
        var source = await OddFolder.Make(ours.Scratch["source"]);
        ours.Scratch.Write("source/" + Deep, "deep");
        // unzip changes names that would command a terminal or are not UTF-8.
        await Shell.Run("find \"$1\" -maxdepth 1 \\( -name '*[[:cntrl:]]*' -o -name 'stray*' \\) -delete", source);
        await ours.BackUpFolder(source);
        var report = await Dump(ours, source, ArchiveFormat.Zip, "archive.zip");
        Assert.Contains("zip knows no devices and pipes", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Equal(new FileInfo(ours.Scratch["archive.zip"]).Length, report.Bytes);

        using (var zip = ZipFile.OpenRead(ours.Scratch["archive.zip"]))
        {
            foreach (var entry in zip.Entries.Where(entry => !entry.FullName.EndsWith('/') && (entry.ExternalAttributes >> 28 & 0xF) == 8))
            {
                using var content = new MemoryStream();
                await using var opened = await entry.OpenAsync();
                await opened.CopyToAsync(content);
                var file = "/" + entry.FullName;
                Assert.True(!File.Exists(file) || File.ReadAllBytes(file).AsSpan().SequenceEqual(content.ToArray()), file);
            }

            Assert.NotNull(zip.GetEntry(source[1..] + "/täglich"));
        }

        if (await Shell.Has("python3"))
        {
            await Shell.Run("python3 -m zipfile -t \"$1\"", ours.Scratch["archive.zip"]);
        }

        Skip.IfNot(await Shell.Has("unzip"), "unzip is not installed (Debian package unzip).");
        await Shell.Run("export LC_ALL=C.UTF-8 && unzip -tq \"$1\" && unzip -qK \"$1\" -d \"$2\"", ours.Scratch["archive.zip"], ours.Scratch["out"]);
        await Shell.Run("rm \"$1/pipe\"", source);
        Assert.Equal(await ModesAndContent(source), await ModesAndContent(ours.Scratch["out"] + source));
    }

    [Fact]
    public async Task An_archive_holds_no_name_that_leads_elsewhere()
    {
        await using var ours = await TestRepository.Create();
        await using var forge = await TreeForge.Open(ours);
        await forge.Commit(await forge.File("../escaped", "x"), await forge.Folder("..", await forge.File("a", "x")), await forge.File("good", "x"), TreeForge.Link("good", "/etc"));
        foreach (var format in new[] { ArchiveFormat.Tar, ArchiveFormat.Zip })
        {
            await using var tree = await ours.Repository.OpenSnapshot("latest", default);
            using var archive = new MemoryStream();
            Assert.Equal(3, (await tree.DumpArchive([], format, null, archive, default)).Problems.Count);
            Assert.DoesNotContain("..", System.Text.Encoding.Latin1.GetString(archive.ToArray()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_lost_is_named_and_zip_has_no_parts()
    {
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("good", "x"u8.ToArray()));
        await ours.BackUp(("sub/lost", Some.Noise(100_000)), ("good", "x"u8.ToArray()));
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        using var output = new MemoryStream();
        await Assert.ThrowsAsync<UserFacingException>(() => tree.DumpArchive([], ArchiveFormat.Zip, new ByteRange(0, 1), output, default));
        await Assert.ThrowsAsync<UserFacingException>(() => tree.DumpArchive(["good"], ArchiveFormat.Tar, null, output, default));
        Assert.Equal(0, output.Length);

        foreach (var pack in Directory.GetFiles(Path.Combine(ours.Folder, "data"), "*", SearchOption.AllDirectories).Where(pack => new FileInfo(pack).Length > 90_000))
        {
            File.Delete(pack);
        }

        var failure = await Assert.ThrowsAsync<DamagedException>(() => tree.DumpArchive([], ArchiveFormat.Tar, null, output, default));
        Assert.StartsWith("/sub/lost: ", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0xFFFF_FFFFL, 10L)]
    [InlineData(1L << 40, 1L << 41)]
    public void Sizes_that_no_test_can_write_are_read_as_they_were_written(long size, long place)
    {
        var node = new TreeNode { Name = "huge", Type = "file", Mode = 0x1A4, UserId = uint.MaxValue, Modified = new UnixTime(-3, 500_000_000) };
        var header = TarHeader.Of("huge", node, size, null);
        Assert.Equal(0, header.Length % 512);
        Assert.Contains($"uid={uint.MaxValue}\n", System.Text.Encoding.ASCII.GetString(header), StringComparison.Ordinal);
        Assert.Contains("mtime=-2.5\n", System.Text.Encoding.ASCII.GetString(header), StringComparison.Ordinal);
        Assert.Equal(size >= 1L << 33, System.Text.Encoding.ASCII.GetString(header).Contains($"size={size}\n", StringComparison.Ordinal));

        var central = ZipRecords.Central("huge"u8.ToArray(), node, new ZipContent(7, size, size), place);
        using var zip = new ZipArchive(new MemoryStream([.. new byte[100], .. central, .. ZipRecords.End(1, 100, 100 + central.Length)]), ZipArchiveMode.Read);
        Assert.Equal((size, size, 7u), (zip.Entries[0].Length, zip.Entries[0].CompressedLength, zip.Entries[0].Crc32));
    }

    private static async Task<ArchiveReport> Dump(TestRepository ours, string path, ArchiveFormat format, string file)
    {
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        await using var output = File.Create(ours.Scratch[file]);
        return await tree.DumpArchive(Segments(path), format, null, output, default);
    }

    private static Task<string> Facts(string folder) => Shell.Run("cd \"$1\" && find . -printf '%p %U %G %n\\n' | LC_ALL=C sort; stat -c '%t %T' null disk 2>/dev/null || true", folder);

    private static Task<string> ModesAndContent(string folder) =>
        Shell.Run("cd \"$1\" && find . ! -type l -printf '%P %y %m\\n' | LC_ALL=C sort; find . -type l -printf '%P %l\\n' | LC_ALL=C sort; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum", folder);

    private static string Attributes(string path) =>
        string.Join(' ', (ExtendedAttributes.Of(path) ?? []).Select(attribute => $"{attribute.Name}={Convert.ToHexString(attribute.Value)}").Order());

    private static string[] Segments(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
