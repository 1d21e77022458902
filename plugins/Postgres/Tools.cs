using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Plugins.Postgres;

/// PostgreSQL's client programs as found on a server: the newest folder that has all of them.
internal sealed record Tools(string Folder, int Major, string Version)
{
    /// Debian and Red Hat keep one folder for each major version outside PATH; the copies on PATH may be wrappers that pick by cluster.
    public static readonly IReadOnlyList<string> UsualPlaces = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"];

    private static readonly string[] Needed = ["psql", "pg_dump", "pg_restore", "pg_dumpall"];

    private const string FindScript = """
        look() {
            [ -x "$1/psql" ] || [ -x "$1/pg_dump" ] || return 0
            has=
            for p in psql pg_dump pg_restore pg_dumpall; do [ -x "$1/$p" ] && has="$has $p"; done
            printf '%s\t%s\t%s\n' "$1" "$has" "$("$1/pg_dump" --version 2>/dev/null)"
        }
        for place in "$@"; do for folder in $place; do look "$folder"; done; done
        IFS=:
        for folder in $PATH; do look "$folder"; done
        """;

    public string Path(string program) => $"{Folder}/{program}";

    public static async Task<Tools> Find(BackupSource source, IReadOnlyList<string> places, CancellationToken cancel)
    {
        var command = new CommandSpec("sh", ["-c", FindScript, "sh", .. places]) { RunAs = source.RunAs };
        var (output, exit) = await source.Server.RunTextAsync(command, "", 1 << 20, cancel);
        if (!exit.Ok && output.Length == 0 && exit.ErrorText.Length > 0)
        {
            throw new UserFacingException($"PostgreSQL's programs could not be looked for on the server: {exit.ErrorText.Trim()}");
        }

        var found = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).OfType<(Tools Tools, string[] Has)>().ToList();
        return found.Where(f => Needed.All(f.Has.Contains)).Select(f => f.Tools).MaxBy(t => t.Major)
            ?? throw Missing([.. Needed.Where(need => !found.Any(f => f.Has.Contains(need)))], null);
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

    private static (Tools, string[])? Parse(string line)
    {
        var fields = line.Split('\t');
        if (fields.Length != 3)
        {
            return null;
        }

        // "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", or "17beta1" for a preview.
        var words = fields[2].Split(' ');
        var version = words.Length > 2 ? words[2] : "";
        var major = string.Concat(version.TakeWhile(char.IsAsciiDigit));
        return (new Tools(fields[0], major.Length is > 0 and < 4 ? int.Parse(major, System.Globalization.CultureInfo.InvariantCulture) : 0, version),
            fields[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}
