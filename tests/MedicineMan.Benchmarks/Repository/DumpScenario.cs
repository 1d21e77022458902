namespace MedicineMan.Benchmarks.Repository;

/// <summary>A database dump from a pipe: the first backup, reading it back, every byte checked; then the dump after changes, each on a copy of the first repository.</summary>
internal sealed class DumpScenario(string folder, long bytes)
{
    private const string Scattered = "every-100th-row";
    private const string Contiguous = "contiguous";
    private const string Rare = "every-10000th-row";

    private readonly string first = Path.Combine(folder, "first.sql");

    public void Prepare(bool withChanges)
    {
        Write(first, null);
        if (withChanges)
        {
            Write(Changed(Scattered), (_, id) => id % 100 == 0 ? 1 : 0);
            // One percent of all, in one place.
            Write(Changed(Contiguous), (at, id) => at > bytes / 4 && at < bytes / 4 + bytes / 100 ? 1 : 0);
            Write(Changed(Rare), (_, id) => id % 10_000 == 0 ? 1 : 0);
        }
    }

    public async Task Measure(Contender program, Rows rows, bool withChanges)
    {
        program.Forget();
        await program.Run(new InitialiseRepository());
        rows.Add("backup", program, await program.Run(new BackUpStream(), input: first));
        rows.Add("backup.size", program, program.Size / 1048576.0);
        rows.Add("restore", program, await program.Run(new DumpStream("latest"), expected: first));
        rows.Add("check", program, await program.Run(new CheckEveryByte()));
        foreach (var change in withChanges ? [Scattered, Contiguous, Rare] : Array.Empty<string>())
        {
            var fork = program.Fork("-" + change);
            var before = fork.Size;
            rows.Add(change, program, await fork.Run(new BackUpStream(), input: Changed(change)));
            rows.Add(change + ".new", program, (fork.Size - before) / 1048576.0);
            rows.Add(change + ".restore", program, await fork.Run(new DumpStream("latest"), expected: Changed(change)));
            fork.Forget();
        }

        program.Forget();
    }

    public void Print(Rows rows, bool withChanges)
    {
        var mebibytes = bytes / 1048576.0;
        rows.PrintSpeed("backup", mebibytes, ">=2", "MiB/s");
        rows.Print("backup.size", "<=1", "MiB");
        rows.PrintSpeed("restore", mebibytes, ">=1.3", "MiB/s");
        rows.PrintSpeed("check", mebibytes, ">=1.3", "MiB/s");
        Figure.Print("repository.backup.memory", rows["backup.memory", "ours"], null, "<=200", "MiB");
        if (!withChanges)
        {
            return;
        }

        rows.Print(Scattered + ".new", "<=0.0667", "MiB");
        rows.PrintSpeed(Scattered, mebibytes, ">=1", "MiB/s");
        Figure.Print("repository.patch.memory", rows[Scattered + ".memory", "ours"], null, "<=256", "MiB");
        Figure.Print(
            "repository.patch.restore-beside-ordinary", mebibytes / rows[Scattered + ".restore.seconds", "ours"], mebibytes / rows["restore.seconds", "ours"], ">=0.5", "MiB/s");
        rows.PrintSpeed(Scattered + ".restore", mebibytes, ">=1", "MiB/s");
        rows.Print(Contiguous + ".new", "<=1", "MiB");
        rows.PrintSpeed(Contiguous, mebibytes, ">=1", "MiB/s");
        rows.Print(Rare + ".new", "<=0.25", "MiB");
        rows.PrintSpeed(Rare, mebibytes, ">=1", "MiB/s");
    }

    private string Changed(string change) => Path.Combine(folder, change + ".sql");

    private void Write(string path, Func<long, int, int>? edition)
    {
        using var file = File.Create(path);
        DumpText.Write(file, bytes, edition);
    }
}
