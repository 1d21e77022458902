using System.Diagnostics;

namespace MedicineMan.Benchmarks.Repository;

/// <summary>A backup program under measure, with a repository of its own.</summary>
internal sealed class Contender(string name, string folder, Func<string, Errand, ProcessStartInfo> command)
{
    public string Name => name;

    public string Repository => folder;

    public long Size => Directory.EnumerateFiles(Repository, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    // The shipped program as an operator starts it: its start, its plugins and its command line count.
    public static Contender Ours(string folder, string passwordFile) => new("ours", Path.Combine(folder, "ours"), (repository, errand) =>
    {
        string[] arguments = errand switch
        {
            InitialiseRepository => ["init"],
            BackUpStream => ["backup", "--stdin", "--stdin-filename", "dump.sql"],
            BackUpFolder(var path) => ["backup", path],
            DumpStream(var snapshot) => ["dump", snapshot, "/dump.sql"],
            RestoreFolder(var target) => ["restore", "latest", "--target", target],
            _ => ["check", "--read-data"],
        };
        return new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "medicineman"), ["repository", .. arguments, "--repo", repository, "--password-file", passwordFile]);
    });

    public static Contender Restic(string folder, string passwordFile) => new("restic", Path.Combine(folder, "restic"), (repository, errand) =>
    {
        string[] arguments = errand switch
        {
            InitialiseRepository => ["init", "--repository-version", "2"],
            BackUpStream => ["backup", "--stdin", "--stdin-filename", "dump.sql", "--quiet"],
            BackUpFolder(var path) => ["backup", path, "--quiet"],
            DumpStream(var snapshot) => ["dump", snapshot, "/dump.sql"],
            RestoreFolder(var target) => ["restore", "latest", "--target", target, "--quiet"],
            _ => ["check", "--read-data", "--quiet"],
        };
        return new ProcessStartInfo("restic", ["--no-cache", "-r", repository, "--password-file", passwordFile, .. arguments]);
    });

    /// <summary>Does one thing and measures it.</summary>
    /// <param name="errand">What to do.</param>
    /// <param name="input">File for its standard input.</param>
    /// <param name="expected">File that its standard output must equal.</param>
    public Task<Sample> Run(Errand errand, string? input = null, string? expected = null) =>
        Sample.Measure($"{name} {errand}", command(Repository, errand), input, expected);

    /// <summary>The same program on a copy of its repository.</summary>
    public Contender Fork(string suffix)
    {
        var fork = new Contender(name, Repository + suffix, command);
        fork.Forget();
        foreach (var file in Directory.EnumerateFiles(Repository, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(fork.Repository, Path.GetRelativePath(Repository, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return fork;
    }

    public void Forget()
    {
        if (Directory.Exists(Repository))
        {
            Directory.Delete(Repository, recursive: true);
        }
    }
}

/// <summary>What a contender can be told to do.</summary>
internal abstract record Errand;

internal sealed record InitialiseRepository : Errand;

internal sealed record BackUpStream : Errand;

internal sealed record BackUpFolder(string Path) : Errand;

internal sealed record DumpStream(string Snapshot) : Errand;

internal sealed record RestoreFolder(string Target) : Errand;

internal sealed record CheckEveryByte : Errand;
