using MedicineMan.Plugins.Postgres.Dumping;
using MedicineMan.Plugins.Postgres.Restoring;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Plugins.Postgres;

/// <summary>
/// Backs PostgreSQL up with the server's own psql, pg_dump and pg_restore over the command runner: one stream a table, all in one
/// snapshot, and a manifest that a restored copy is compared with.
/// </summary>
public sealed class PostgresBackup : IBackupProvider
{
    private static readonly string[] ScratchPrefixes = ["medicineman_proof_", "medicineman_restore_"];

    internal IReadOnlyList<string> ToolPlaces { get; init; } = Tools.UsualPlaces;

    /// How long a dump waits for tables that others have locked: longer would make their users wait behind it.
    internal TimeSpan LockLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public string DisplayName => "PostgreSQL";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BackupItem>> DiscoverAsync(BackupSource source, CancellationToken cancel)
    {
        var cluster = await Cluster.Connect(source, ToolPlaces, cancel);
        var databases = await cluster.Ask(cluster.Maintenance, Catalog.DatabasesSql, PostgresJson.Default.IReadOnlyListFoundDatabase, cancel);
        return [.. databases.Select(d => new BackupItem(d.Name, d.Bytes, cluster.Server.Version))];
    }

    /// <inheritdoc/>
    public async Task<DumpReport> DumpAsync(BackupSource source, IReadOnlyList<string> items, IDumpWriter dump, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(dump);
        var cluster = await Cluster.Connect(source, ToolPlaces, cancel);
        var dumped = new List<DumpedItem>();
        foreach (var database in items)
        {
            try
            {
                dumped.Add(await new DumpDatabase(cluster, database, dump, LockLimit).Run(cancel));
            }
            catch (PostgresFailure lost) when (lost.Kind is PostgresFailureKind.ConnectionLost)
            {
                throw await cluster.Explain(lost, database, cancel);
            }
        }

        await DumpRoles.Run(cluster, dump, cancel);
        return new DumpReport(dumped, new Dictionary<string, string>
        {
            ["PostgreSQL"] = cluster.Server.Version, ["pg_dump"] = cluster.Tools.Version, ["psql"] = cluster.Tools.Version,
        });
    }

    /// <inheritdoc/>
    public async Task<RestoreReport> RestoreAsync(BackupSource target, RestoreOptions options, IDumpReader dump, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(dump);
        var manifest = await StoredDump.Manifest(dump, options.Item, cancel);
        var cluster = await Cluster.Connect(target, ToolPlaces, cancel);
        var plan = await RestorePlan.Make(cluster, manifest, options, cancel);
        return options.DryRun ? plan.Report() : await new RestoreDatabase(cluster, plan, dump).Run(cancel);
    }

    /// <inheritdoc/>
    public async Task<ProofReport> CompareAsync(BackupSource target, string restored, string item, IDumpReader dump, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(dump);
        var manifest = await StoredDump.Manifest(dump, item, cancel);
        var cluster = await Cluster.Connect(target, ToolPlaces, cancel);
        return await new CompareDatabase(cluster, restored, manifest, dump).Run(cancel);
    }

    /// <inheritdoc/>
    public async Task DropScratchAsync(BackupSource target, string name, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!ScratchPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            throw new UserFacingException(
                $"Database {Names.Shown(name)} was not made by a proof or a restore (its name starts with none of {string.Join(", ", ScratchPrefixes)}); it stays.") { Permanent = true };
        }

        await TargetDatabase.Drop(await Cluster.Connect(target, ToolPlaces, cancel), name, cancel);
    }
}
