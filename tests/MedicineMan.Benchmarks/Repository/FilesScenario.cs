namespace MedicineMan.Benchmarks.Repository;

/// <summary>Folders of files: a tree of this machine's own files and a dump, and very many small files. First backup, nothing changed, restore.</summary>
internal sealed class FilesScenario(string folder, long treeBytes, int smallFiles)
{
    private static readonly string[] Sources = ["/usr/lib", "/usr/share", "/usr/bin", "/usr/include", "/opt", "/var/lib"];

    private readonly string tree = Path.Combine(folder, "tree");
    private readonly string small = Path.Combine(folder, "small");
    private int files;
    private long bytes;

    public void Prepare()
    {
        Directory.CreateDirectory(tree);
        // A quarter is a dump, as on real servers.
        using (var dump = File.Create(Path.Combine(tree, "dump.sql")))
        {
            DumpText.Write(dump, treeBytes / 4);
            (files, bytes) = (1, dump.Length);
        }

        foreach (var source in Sources.Where(Directory.Exists))
        {
            CopyFrom(new DirectoryInfo(source));
        }

        var random = new Random(7);
        for (var i = 0; i < smallFiles; i++)
        {
            var path = Path.Combine(small, $"{i / 1000}", $"{i}.json");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var content = new byte[random.Next(1024, 4096)];
            random.NextBytes(content);
            File.WriteAllText(path, Convert.ToBase64String(content)[..content.Length]);
        }
    }

    public async Task Measure(Contender program, Rows rows)
    {
        program.Forget();
        await program.Run(new InitialiseRepository());
        await Warm(tree);
        rows.Add("tree", program, await program.Run(new BackUpFolder(tree)));
        rows.Add("tree.size", program, program.Size / 1048576.0);
        rows.Add("unchanged", program, await program.Run(new BackUpFolder(tree)));
        // It stays until the end: for minutes after many files were deleted, ext4 searches long for the place of each new one.
        rows.Add("tree.restore", program, await program.Run(new RestoreFolder(Path.Combine(folder, $"restored-{program.Name}-{rows.Count("tree.restore", program)}"))));
        rows.Add("tree.check", program, await program.Run(new CheckEveryByte()));

        program.Forget();
        await program.Run(new InitialiseRepository());
        await Warm(small);
        rows.Add("small", program, await program.Run(new BackUpFolder(small)));
        program.Forget();
    }

    public void Print(Rows rows)
    {
        var mebibytes = bytes / 1048576.0;
        Console.Error.WriteLine($"tree: {files} files, {mebibytes:F0} MiB; {smallFiles} small files");
        rows.PrintSpeed("tree", mebibytes, ">=1.7", "MiB/s");
        rows.Print("tree.size", "<=1.02", "MiB");
        rows.Print("unchanged.seconds", "<=0.8", "s");
        rows.Print("unchanged.processor", "<=0.8", "s");
        rows.PrintSpeed("tree.restore", mebibytes, ">=1.3", "MiB/s");
        rows.PrintSpeed("tree.check", mebibytes, ">=1.3", "MiB/s");
        rows.PrintSpeed("small", smallFiles, ">=2", " files/s");
        Figure.Print("repository.tree.memory", rows["tree.memory", "ours"], null, "<=200", "MiB");
        Figure.Print("repository.small.memory", rows["small.memory", "ours"], null, "<=200", "MiB");
    }

    // Borg tells the system to forget what it has read: whoever came after it would be the only one to read from the disk.
    private static async Task Warm(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            await using var content = File.OpenRead(file);
            await content.CopyToAsync(Stream.Null);
        }
    }

    private void CopyFrom(DirectoryInfo source)
    {
        var readable = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device };
        foreach (var file in source.EnumerateFiles("*", readable).OrderBy(file => file.FullName, StringComparer.Ordinal))
        {
            // No single file may be much of it.
            if (bytes >= treeBytes || file.Length > treeBytes / 20)
            {
                continue;
            }

            var copy = Path.Join(tree, file.FullName);
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                file.CopyTo(copy);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"Left out: {failure.Message}");
                continue;
            }

            files++;
            bytes += file.Length;
        }
    }
}
