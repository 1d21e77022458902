using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace MedicineMan.Host.Api;

/// The runs of plans, each with its three truths: dumped, stored, proven.
internal static class BackupsApi
{
    public static void Map(RouteGroupBuilder backups)
    {
        backups.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listBackups").WithSummary("Backups, newest first");
        backups.MapGet("/{id}", Get).RequireAuthorization(Policies.Viewer).WithName("getBackup").WithSummary("One backup");
        backups.MapGet("/{id}/objects", Objects).RequireAuthorization(Policies.Viewer).WithName("listBackupObjects").WithSummary("What a backup holds: tables with rows, bytes and checksum");
        backups.MapPost("/{id}/prove", Prove).RequireAuthorization(Policies.Operator).WithName("proveBackup").WithSummary("Proves a stored backup, the first time or again");
    }

    private static async Task<Ok<ListOf<BackupAnswer>>> List([AsParameters] Paging paging, string? plan, HttpContext http, RunStore runs, CancellationToken cancel) =>
        TypedResults.Ok(Lists.Of(await runs.Page(http.Visitor().Organization, plan, paging.After, paging.Rows, cancel), BackupAnswer.Of));

    private static async Task<Ok<BackupAnswer>> Get(string id, HttpContext http, RunStore runs, CancellationToken cancel) =>
        TypedResults.Ok(BackupAnswer.Of(await One(id, http, runs, cancel)));

    private static async Task<Ok<ListOf<BackupObjectAnswer>>> Objects(string id, [AsParameters] Paging paging, HttpContext http, RunStore runs, CancellationToken cancel)
    {
        await One(id, http, runs, cancel);
        return TypedResults.Ok(Lists.Of(
            await runs.Objects(http.Visitor().Organization, id, paging.After, paging.Rows, cancel),
            static row => new BackupObjectAnswer(row.Item, row.Name, row.RowCount, row.Bytes, row.Checksum)));
    }

    private static async Task<Accepted<JobAnswer>> Prove(string id, HttpContext http, RunStore runs, JobQueue jobs, CancellationToken cancel)
    {
        await One(id, http, runs, cancel);
        return await JobsApi.Accepted(await runs.Prove(http.Visitor().Organization, http.Visitor().Actor, id, cancel), http, jobs, cancel);
    }

    public static async Task<RunRow> One(string id, HttpContext http, RunStore runs, CancellationToken cancel) =>
        await runs.Find(http.Visitor().Organization, id, cancel) ?? throw ApiProblem.NotFound("backup", id);
}

internal sealed record BackupAnswer
{
    public required string Id { get; init; }

    public required string PlanId { get; init; }

    /// Null when the plan was removed.
    public string? PlanName { get; init; }

    /// Plan and server of a backup that another installation made.
    public string? Origin { get; init; }

    public required string ServerId { get; init; }

    public string? ServerName { get; init; }

    public required string RepositoryId { get; init; }

    public required string Kind { get; init; }

    public required IReadOnlyList<string> Items { get; init; }

    /// One word for the whole: waiting, running, stored, proving, proven, not-proven, failed, cancelled.
    public required string State { get; init; }

    /// True once no stage will change any more by itself.
    public required bool Final { get; init; }

    public required StageState DumpState { get; init; }

    public required StageState StoreState { get; init; }

    public required StageState ProveState { get; init; }

    public string? Error { get; init; }

    public string? ProveError { get; init; }

    public string? DumpJobId { get; init; }

    public string? ProveJobId { get; init; }

    public string? SnapshotId { get; init; }

    public required long ReadBytes { get; init; }

    public required long NewBytes { get; init; }

    public required long StoredBytes { get; init; }

    public required int Tables { get; init; }

    public required long Rows { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StoredAt { get; init; }

    public DateTimeOffset? ProvenAt { get; init; }

    /// How long the restore took that proved it.
    public long? RestoreMilliseconds { get; init; }

    public long? CompareMilliseconds { get; init; }

    /// How many tables, rows and the like were compared.
    public IReadOnlyDictionary<string, long>? Compared { get; init; }

    public static BackupAnswer Of(RunRow row) => new()
    {
        Id = row.Id, PlanId = row.PlanId, PlanName = row.PlanName, Origin = row.Origin, ServerId = row.ServerId, ServerName = row.ServerName, RepositoryId = row.RepositoryId, Kind = row.Kind, Items = row.ItemNames,
        State = row.State.Replace(' ', '-'), Final = row.IsFinal, DumpState = row.DumpState, StoreState = row.StoreState, ProveState = row.ProveState, Error = row.Error, ProveError = row.ProveError,
        DumpJobId = row.DumpJobId, ProveJobId = row.ProveJobId, SnapshotId = row.SnapshotId, ReadBytes = row.ReadBytes, NewBytes = row.NewBytes, StoredBytes = row.StoredBytes, Tables = row.Tables,
        Rows = row.TableRows, CreatedAt = row.CreatedAt, StartedAt = row.StartedAt, StoredAt = row.StoredAt, ProvenAt = row.ProvenAt, RestoreMilliseconds = row.RestoreMs,
        CompareMilliseconds = row.CompareMs, Compared = row.Compared is null ? null : JsonSerializer.Deserialize<Dictionary<string, long>>(row.Compared),
    };
}

internal sealed record BackupObjectAnswer(string Item, string Name, long? Rows, long Bytes, string? Checksum);
