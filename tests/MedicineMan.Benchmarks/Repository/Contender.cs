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
        return new ProcessStartInfo(ShippedProgram.Path, ["repository", .. arguments, "--repo", repository, "--password-file", passwordFile]);
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

    public static Contender Borg(string folder, string passwordFile)
    {
        // Borg names its archives by hand, and reads one by its name; here it is always the last one written.
        var archive = 0;
        return new Contender("borg", Path.Combine(folder, "borg"), (repository, errand) =>
        {
            string[] arguments = errand switch
            {
                InitialiseRepository => ["init", "--encryption", "repokey-blake2", repository],
                BackUpStream => ["create", "--compression", "zstd,3", "--stdin-name", "dump.sql", $"{repository}::{++archive}", "-"],
                BackUpFolder(var path) => ["create", "--compression", "zstd,3", $"{repository}::{++archive}", path],
                DumpStream => ["extract", "--stdout", $"{repository}::{archive}", "dump.sql"],
                RestoreFolder => ["extract", $"{repository}::{archive}"],
                _ => ["check", "--verify-data", repository],
            };
            var start = new ProcessStartInfo("borg", arguments)
            {
                WorkingDirectory = errand is RestoreFolder(var target) ? Directory.CreateDirectory(target).FullName : folder,
                Environment = { ["BORG_PASSCOMMAND"] = $"cat {passwordFile}", ["BORG_BASE_DIR"] = Beside(repository), ["BORG_RELOCATED_REPO_ACCESS_IS_OK"] = "yes" },
            };
            return start;
        });
    }

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
        foreach (var (from, to) in new[] { (Repository, fork.Repository), (Beside(Repository), Beside(fork.Repository)) }.Where(folders => Directory.Exists(folders.Item1)))
        {
            foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(to, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }

        return fork;
    }

    public void Forget()
    {
        foreach (var known in new[] { Repository, Beside(Repository) }.Where(Directory.Exists))
        {
            Directory.Delete(known, recursive: true);
        }
    }

    // What borg knows of a repository lies beside it: with the copy's knowledge it takes the original for an attack.
    private static string Beside(string repository) => repository + "-base";
}

/// <summary>What a contender can be told to do.</summary>
internal abstract record Errand;

internal sealed record InitialiseRepository : Errand;

internal sealed record BackUpStream : Errand;

internal sealed record BackUpFolder(string Path) : Errand;

internal sealed record DumpStream(string Snapshot) : Errand;

internal sealed record RestoreFolder(string Target) : Errand;

internal sealed record CheckEveryByte : Errand;
