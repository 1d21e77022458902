using System.Globalization;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Plugins.Postgres.Restoring;

/// What the server that is to take a restore has and allows.
internal sealed record TargetState
{
    public bool Exists { get; init; }

    public bool CreateDatabase { get; init; }

    public IReadOnlyList<string> Roles { get; init; } = [];

    public IReadOnlyList<string> Extensions { get; init; } = [];

    public string? DataDirectory { get; init; }

    public long? FreeBytes { get; init; }

    public static async Task<TargetState> Read(Cluster cluster, string target, CancellationToken cancel)
    {
        var state = await cluster.Ask(cluster.Maintenance, $"""
            select json_build_object('exists', exists (select from pg_database where datname = {Names.Literal(target)}),
                'createDatabase', (select rolcreatedb or rolsuper from pg_roles where rolname = current_user),
                'roles', (select json_agg(rolname) from pg_roles), 'extensions', (select json_agg(name) from pg_available_extensions),
                'dataDirectory', (select setting from pg_settings where name = 'data_directory'))
            """, PostgresJson.Default.TargetState, cancel);
        return state.DataDirectory is { } folder && IsLocal(cluster.Source) ? state with { FreeBytes = await Free(cluster, folder, cancel) } : state;
    }

    /// Only then does the file system that df sees hold the data directory.
    private static bool IsLocal(BackupSource source) =>
        source.Host is null or "localhost" or "127.0.0.1" or "::1" || source.Host.StartsWith('/');

    private static async Task<long?> Free(Cluster cluster, string folder, CancellationToken cancel)
    {
        var df = new CommandSpec("df", "-Pk", folder) { RunAs = cluster.Source.RunAs, TimeLimit = TimeSpan.FromSeconds(20) };
        var (output, exit) = await cluster.Source.Server.RunTextAsync(df, "", 1 << 16, cancel);
        var fields = exit.Ok ? output.TrimEnd().Split('\n')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        return fields.Length > 3 && long.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes * 1024 : null;
    }
}
