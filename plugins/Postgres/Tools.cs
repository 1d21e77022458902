using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Plugins.Postgres;

/// PostgreSQL's client programs as found on a server: the newest folder that has all of them, or none for those on its PATH. Looked for without a
/// shell, so that the plugin need not ask for one, with which it could run anything.
internal sealed record Tools(string Folder, int Major, string Version)
{
    /// Debian and Red Hat keep one folder for each major version outside PATH; the copies on PATH may be wrappers that pick by cluster.
    public static readonly IReadOnlyList<string> UsualPlaces = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"];

    private static readonly string[] Needed = ["psql", "pg_dump", "pg_restore", "pg_dumpall"];

    public string Path(string program) => Folder.Length == 0 ? program : $"{Folder}/{program}";

    public static async Task<Tools> Find(BackupSource source, IReadOnlyList<string> places, CancellationToken cancel)
    {
        var found = new List<(Tools Tools, string[] Has)>();
        foreach (var (folder, has) in await Folders(source, places, cancel))
        {
            if (has.Contains("pg_dump") && await Said(source, $"{folder}/pg_dump", cancel) is { } said)
            {
                found.Add((Read(folder, said), has));
            }
        }

        var best = found.Where(one => Needed.All(one.Has.Contains)).Select(one => one.Tools).MaxBy(tools => tools.Major);
        if (await Said(source, "pg_dump", cancel) is { } onPath && Read("", onPath) is var tools && tools.Major > (best?.Major ?? -1))
        {
            string[] has = [.. await Answering(source, cancel)];
            best = Needed.All(has.Contains) ? tools : best;
            found.Add((tools, has));
        }

        return best ?? throw Missing([.. Needed.Where(need => !found.Exists(one => one.Has.Contains(need)))], null);
    }

    /// pg_dump refuses servers newer than itself.
    public void MustFit(int serverMajor)
    {
        if (Major < serverMajor)
        {
            throw new UserFacingException(
                $"The server runs PostgreSQL {serverMajor}, but the newest client programs on it are of version {Version} (in {Folder}), and they refuse "
                + $"newer servers. Install {Package(serverMajor)}.") { Permanent = true };
        }
    }

    private static UserFacingException Missing(string[] programs, int? major) => new(
        $"{(programs.Length == 0 ? "A folder with all of psql, pg_dump, pg_restore and pg_dumpall" : string.Join(", ", programs))} was not found on the server, "
        + $"neither on PATH nor in {string.Join(", ", UsualPlaces)}. Install {Package(major)}.") { Permanent = true };

    private static string Package(int? major) => major is { } version
        ? $"the package postgresql-client-{version} (Debian, Ubuntu), postgresql{version} (Red Hat, Fedora) or postgresql{version}-client (Alpine)"
        : "the package postgresql-client (Debian, Ubuntu, Alpine) or postgresql (Red Hat, Fedora)";

    /// The usual folders that are there, each with the programs in it.
    private static async Task<IEnumerable<(string Folder, string[] Has)>> Folders(BackupSource source, IReadOnlyList<string> places, CancellationToken cancel)
    {
        var folders = new List<string>();
        foreach (var place in places)
        {
            folders.AddRange(place.Contains('*', StringComparison.Ordinal) ? await Matching(source, place, cancel) : [place]);
        }

        // The root is always there: when it is not named, listing itself failed.
        var (output, exit) = await Run(source, "ls", ["-1d", "/", .. folders.SelectMany(folder => Needed.Select(program => $"{folder}/{program}"))], cancel);
        var there = output.Split('\n').ToHashSet(StringComparer.Ordinal);
        return there.Contains("/") || exit.ErrorText.Length == 0
            ? folders.Select(folder => (folder, Needed.Where(program => there.Contains($"{folder}/{program}")).ToArray()))
            : throw new UserFacingException($"PostgreSQL's programs could not be looked for on the server: {exit.ErrorText.Trim()}");
    }

    private static async Task<IEnumerable<string>> Matching(BackupSource source, string place, CancellationToken cancel)
    {
        var parts = place.Split('*');
        var parent = parts[0][..parts[0].LastIndexOf('/')];
        var (output, _) = await Run(source, "ls", ["-1", $"{parent}/"], cancel);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(name => $"{parent}/{name}").Where(path => path.StartsWith(parts[0], StringComparison.Ordinal)).Select(path => path + parts[1]);
    }

    private static async Task<List<string>> Answering(BackupSource source, CancellationToken cancel)
    {
        var answering = new List<string>();
        foreach (var program in Needed)
        {
            if (await Said(source, program, cancel) is not null)
            {
                answering.Add(program);
            }
        }

        return answering;
    }

    /// Null when the program is not there, or does not run.
    private static async Task<string?> Said(BackupSource source, string program, CancellationToken cancel) =>
        await Run(source, program, ["--version"], cancel) is { Exit.Ok: true } said ? said.Output : null;

    private static Task<CommandText> Run(BackupSource source, string program, string[] arguments, CancellationToken cancel) =>
        source.Server.RunTextAsync(new CommandSpec(program, arguments) { RunAs = source.RunAs }, "", 1 << 20, cancel);

    private static Tools Read(string folder, string said)
    {
        // "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", or "17beta1" for a preview.
        var words = said.Trim().Split(' ');
        var version = words.Length > 2 ? words[2] : "";
        var major = string.Concat(version.TakeWhile(char.IsAsciiDigit));
        return new Tools(folder, major.Length is > 0 and < 4 ? int.Parse(major, System.Globalization.CultureInfo.InvariantCulture) : 0, version);
    }
}
