using System.Globalization;
using System.Text.Json;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Backups.Repositories;

/// What was last read of the repositories' snapshots and their folders. Only a cache: the truth is in the repository, and the job
/// <see cref="ReadRepository"/> reads it again, so that pages never open a storage.
internal sealed class SnapshotStore(Database database, JobQueue jobs, TimeProvider time)
{
    private const string PageSql = """
        select n.snapshot_id as SnapshotId, n.taken_at as TakenAt, n.host, n.paths, n.tags, r.id as RunId, r.prove_state as ProveState, r.stored_bytes as StoredBytes
        from snapshots n
        left join runs r on r.organization_id = n.organization_id and r.repository_id = n.repository_id and r.snapshot_id = n.snapshot_id
        where n.organization_id = @organization and n.repository_id = @repository and (n.taken_at, n.snapshot_id) < (@at, @id)
        order by n.taken_at desc, n.snapshot_id desc limit @size
        """;

    private const string FindSql = "select snapshot_id from snapshots where organization_id = @organization and repository_id = @repository and snapshot_id like @prefix limit 2";
    private const string ForgetSql = "delete from snapshots where organization_id = @organization and repository_id = @repository";
    private const string InsertSql = """
        insert into snapshots (organization_id, repository_id, snapshot_id, taken_at, host, paths, tags)
        values (@organization, @repository, @SnapshotId, @TakenAt, @Host, @Paths, @Tags) on conflict do nothing
        """;

    private const string ListingSql = """
        select entries, error, read_at as ReadAt from snapshot_listings
        where organization_id = @organization and repository_id = @repository and snapshot_id = @snapshot and path = @path
        """;

    private const string SaveListingSql = """
        insert into snapshot_listings (organization_id, repository_id, snapshot_id, path, entries, error, read_at)
        values (@organization, @repository, @snapshot, @path, @entries, @error, @now)
        on conflict (repository_id, snapshot_id, path) do update set entries = excluded.entries, error = excluded.error, read_at = excluded.read_at
        """;

    public async Task<Page<SnapshotRow>> Page(OrganizationId organization, string repository, string? after, int size, CancellationToken cancel)
    {
        var cursor = Cursor.Parse(after, 2);
        var (at, id) = cursor is null ? (long.MaxValue, "") : (cursor.Number(0), cursor.Keys[1]);
        await using var connection = await database.OpenRead(organization, cancel);
        var rows = await connection.QueryAsync<SnapshotRow>(new CommandDefinition(PageSql, new { organization, repository, at, id, size = size + 1 }, cancellationToken: cancel));
        return Data.Page<SnapshotRow>.Of(rows, size, row => new Cursor(row.TakenAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), row.SnapshotId));
    }

    /// The full id of the one snapshot whose id starts so; null when there is none or more than one.
    public async Task<string?> Resolve(OrganizationId organization, string repository, string prefix, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        var found = (await connection.QueryAsync<string>(new CommandDefinition(
            FindSql, new { organization, repository, prefix = string.Concat(prefix.Where(char.IsAsciiHexDigit)) + "%" }, cancellationToken: cancel))).ToList();
        return found.Count == 1 ? found[0] : null;
    }

    public Task Replace(OrganizationId organization, string repository, IReadOnlyList<SnapshotRow> rows, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(ForgetSql, new { organization, repository }, transaction, cancellationToken: cancel));
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    InsertSql, rows.Select(row => new { organization, repository, row.SnapshotId, row.TakenAt, row.Host, row.Paths, row.Tags }), transaction, cancellationToken: cancel));
            },
            cancel);

    /// The folder as last read; null when it was never read.
    public async Task<ListingRow?> Listing(OrganizationId organization, string repository, string snapshot, string path, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        return await connection.QuerySingleOrDefaultAsync<ListingRow>(new CommandDefinition(ListingSql, new { organization, repository, snapshot, path }, cancellationToken: cancel));
    }

    public Task SaveListing(OrganizationId organization, string repository, string snapshot, string path, IReadOnlyList<SnapshotEntry>? entries, string? error, CancellationToken cancel) =>
        database.Write(
            transaction => transaction.Connection!.ExecuteAsync(new CommandDefinition(
                SaveListingSql,
                new { organization, repository, snapshot, path, entries = entries is null ? null : JsonSerializer.Serialize(entries), error, now = time.GetUtcNow() },
                transaction,
                cancellationToken: cancel)),
            cancel);

    // Whoever opened a folder has left by then, and opening it again asks anew.
    private static readonly TimeSpan MostPatience = TimeSpan.FromHours(1);

    /// Enqueues a look into the repository: its list of snapshots, or one folder of one snapshot.
    public Task<string> Read(OrganizationId organization, Actor actor, string repository, string? snapshot, string? path, CancellationToken cancel) =>
        database.Write(
            transaction => jobs.Enqueue(
                transaction,
                new JobRequest(organization.Value, ReadRepository.JobType, JsonSerializer.Serialize(new ReadRepository.Arguments(repository, snapshot, path), JsonSerializerOptions.Web))
                {
                    Title = snapshot is null ? "Read the list of snapshots" : $"Read {path} of snapshot {snapshot[..8]}", RequestedBy = actor.Name, Priority = actor.Priority,
                    ConcurrencyKey = RepositoryStore.StorageKey(repository), ConcurrencyLimit = RepositoryStore.AtOnce, UniqueKey = $"read:{repository}:{snapshot}:{path}", MaxAttempts = 1,
                    TimeLimit = TimeSpan.FromHours(1), Deadline = snapshot is null ? null : time.GetUtcNow() + MostPatience,
                },
                cancel),
            cancel);
}

internal sealed record SnapshotRow
{
    public required string SnapshotId { get; init; }

    public required DateTimeOffset TakenAt { get; init; }

    public required string Host { get; init; }

    public required string Paths { get; init; }

    public required string Tags { get; init; }

    public IReadOnlyList<string> PathNames => JsonSerializer.Deserialize<string[]>(Paths) ?? [];

    public IReadOnlyList<string> TagNames => JsonSerializer.Deserialize<string[]>(Tags) ?? [];

    public string? RunId { get; init; }

    public StageState? ProveState { get; init; }

    public long? StoredBytes { get; init; }
}

internal sealed record ListingRow
{
    public string? Entries { get; init; }

    public string? Error { get; init; }

    public DateTimeOffset? ReadAt { get; init; }

    public IReadOnlyList<SnapshotEntry> Files => Entries is null ? [] : JsonSerializer.Deserialize<SnapshotEntry[]>(Entries) ?? [];
}

/// A file or folder of a snapshot.
internal sealed record SnapshotEntry(string Name, bool IsFolder, long Bytes);
