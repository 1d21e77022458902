using System.Globalization;
using System.Text;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Plugins.Postgres.Restoring;

/// What a restore will do, found out without changing anything; a dry run reports it and nothing more.
internal sealed record RestorePlan
{
    public required Manifest Manifest { get; init; }

    public required RestoreOptions Options { get; init; }

    /// Tables to restore with rows, and what they are partitions of or inherit from; all of them for a whole database.
    public required IReadOnlyList<Table> Tables { get; init; }

    public required bool TargetExists { get; init; }

    /// False when everything will belong to the user who restores.
    public required bool KeepOwners { get; init; }

    public required IReadOnlyList<string> RolesToCreate { get; init; }

    /// False when policies for roles that are missing can't be made.
    public required bool AllRoles { get; init; }

    /// What stands in the way; empty for a restore that may start.
    public required IReadOnlyList<string> Problems { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    public required IReadOnlyList<string> Steps { get; init; }

    public bool Subset => Options.Objects is not null;

    public IEnumerable<DumpedObject> Objects => Tables.Where(t => t.HasRows).Select(t => new DumpedObject(t.FullName, t.Rows, t.Bytes, t.Checksum));

    public RestoreReport Report() => new([.. Objects], Steps, [.. Problems, .. Warnings]);

    public static async Task<RestorePlan> Make(Cluster cluster, Manifest manifest, RestoreOptions options, CancellationToken cancel)
    {
        var state = await TargetState.Read(cluster, options.Target, cancel);
        List<string> problems = [], warnings = [], steps = [];
        var target = Names.Shown(options.Target);
        Check(Encoding.UTF8.GetByteCount(options.Target) is > 0 and <= 63, "The target's name must be 1 to 63 bytes long.");
        Check(state.CreateDatabase, $"User {cluster.Server.User} may not create databases. Run ALTER ROLE … CREATEDB, or connect as a superuser.");
        Check(!state.Exists || options.Replace,
            $"Database {target} exists already. Nothing was changed. Choose another name, or confirm that it may be replaced.");
        Check(!(state.Exists && options.Replace && options.Objects is not null),
            $"Database {target} exists and would be replaced by single tables alone. Restore them into a new database and move them from there.");

        var tables = Chosen(manifest, options, problems);
        var lacking = manifest.Database.Extensions.Except(state.Extensions).ToList();
        if (lacking.Count > 0)
        {
            (options.Objects is null ? problems : warnings).Add($"The server lacks these extensions: {string.Join(", ", lacking)}. Install their packages on it.");
        }

        if (manifest.ServerNumber / 10000 > cluster.Major)
        {
            warnings.Add($"The dump is of PostgreSQL {manifest.ServerVersion} and the target runs {cluster.Server.Version}: what is new in the former will fail.");
        }

        var missing = manifest.Database.Roles.Except(state.Roles).ToList();
        var keep = !options.Scratch && (missing.Count == 0 || cluster.Server.CreateRole) && cluster.Server.Superuser;
        if (!keep && !options.Scratch)
        {
            warnings.Add($"Owners and grants are left out, and everything will belong to {cluster.Server.User}: only a superuser can give things to other roles.");
        }
        else if (missing.Count > 0 && keep)
        {
            warnings.Add($"These roles are created without login, because the server lacks them: {string.Join(", ", missing)}.");
        }

        var bytes = tables.Sum(t => t.Bytes);
        steps.Add(string.Create(CultureInfo.InvariantCulture, $"Restore {tables.Count(t => t.HasRows)} tables with {tables.Sum(t => t.Rows)} rows ({Amount(bytes)}) of {Names.Shown(options.Item)} into {(state.Exists ? "a new database beside" : "new database")} {target} on PostgreSQL {cluster.Server.Version}."));
        if (state.Exists && options.Replace)
        {
            steps.Add($"End the sessions in {target}, put the new database in its place, and drop the old one.");
        }

        if (state.FreeBytes is { } free)
        {
            steps.Add(string.Create(CultureInfo.InvariantCulture, $"The disk of {state.DataDirectory} has {Amount(free)} free; the database took {Amount(manifest.Database.Bytes)}."));
            Check(options.Objects is not null || free > manifest.Database.Bytes, string.Create(CultureInfo.InvariantCulture,
                $"The database needs about {Amount(manifest.Database.Bytes)}, and the disk of {state.DataDirectory} has {Amount(free)} free. Make room first."));
        }

        return new RestorePlan
        {
            Manifest = manifest, Options = options, Tables = tables, TargetExists = state.Exists, KeepOwners = keep,
            RolesToCreate = keep ? missing : [], AllRoles = keep || missing.Count == 0, Problems = problems, Warnings = warnings, Steps = steps,
        };

        void Check(bool fine, string problem)
        {
            if (!fine)
            {
                problems.Add(problem);
            }
        }
    }

    public void MustBeFeasible()
    {
        if (Problems.Count > 0)
        {
            throw new UserFacingException(string.Join(' ', Problems)) { Permanent = true };
        }
    }

    private static List<Table> Chosen(Manifest manifest, RestoreOptions options, List<string> problems)
    {
        if (options.Objects is not { } wanted)
        {
            return [.. manifest.Tables];
        }

        var unknown = wanted.Except(manifest.Tables.Where(t => t.HasRows).Select(t => t.FullName)).ToList();
        if (unknown.Count > 0)
        {
            problems.Add($"The dump of {Names.Shown(options.Item)} has no table {string.Join(", ", unknown)}. Choose from those it lists.");
        }

        // A partition comes with its root, or it could not be attached; the root then shows the chosen partitions alone.
        var byOid = manifest.Tables.ToDictionary(t => t.Oid);
        var chosen = new Dictionary<long, Table>();
        var open = new Queue<Table>(manifest.Tables.Where(t => wanted.Contains(t.FullName)));
        while (open.TryDequeue(out var table))
        {
            if (chosen.TryAdd(table.Oid, wanted.Contains(table.FullName) ? table : table with { Rows = 0, Bytes = 0, Kind = "p" }))
            {
                table.Parents.Select(byOid.GetValueOrDefault).OfType<Table>().ToList().ForEach(open.Enqueue);
            }
        }

        return [.. chosen.Values.OrderBy(t => t.FullName, StringComparer.Ordinal)];
    }

    private static string Amount(long? bytes) => bytes switch
    {
        null => "an unknown amount",
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes"),
    };
}
