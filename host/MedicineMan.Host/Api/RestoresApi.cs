using System.ComponentModel.DataAnnotations;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Servers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api;

internal static class RestoresApi
{
    public static void Map(RouteGroupBuilder restores)
    {
        restores.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listRestores").WithSummary("Restores, newest first");
        restores.MapGet("/{id}", Get).RequireAuthorization(Policies.Viewer).WithName("getRestore").WithSummary("One restore, with what it did or would do");
        restores.MapPost("", Start).RequireAuthorization(Policies.Operator).WithName("startRestore").WithSummary("Restores one item of a backup; with dryRun only says what would happen");
    }

    private static async Task<Ok<ListOf<RestoreAnswer>>> List([AsParameters] Paging paging, HttpContext http, RestoreStore restores, CancellationToken cancel) =>
        TypedResults.Ok(Lists.Of(await restores.Page(http.Visitor().Organization, paging.After, paging.Rows, cancel), RestoreAnswer.Of));

    private static async Task<Ok<RestoreAnswer>> Get(string id, HttpContext http, RestoreStore restores, CancellationToken cancel) =>
        TypedResults.Ok(RestoreAnswer.Of(await restores.Find(http.Visitor().Organization, id, cancel) ?? throw ApiProblem.NotFound("restore", id)));

    private static async Task<Accepted<RestoreAnswer>> Start(
        [FromBody] RestoreOrder order, HttpContext http, RestoreStore restores, RunStore runs, RepositoryStore repositories, SnapshotStore snapshots, ServerStore servers, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        if (await servers.Find(visitor.Organization, order.ServerId!, cancel) is null)
        {
            throw ApiProblem.Invalid("serverId", $"There is no server {order.ServerId}.");
        }

        var (request, kind) = order.BackupId is not null
            ? OfBackup(order, await BackupsApi.One(order.BackupId, http, runs, cancel))
            : await OfSnapshot(order, http, repositories, snapshots, cancel);
        var id = await restores.Request(visitor.Organization, visitor.Actor, request, kind, cancel);
        return TypedResults.Accepted($"{ApiSetup.Root}/restores/{id}", RestoreAnswer.Of(await restores.Get(visitor.Organization, id, cancel)));
    }

    private static (RestoreRequest Request, string Kind) OfBackup(RestoreOrder order, RunRow run)
    {
        if (run.SnapshotId is null)
        {
            throw ApiProblem.Conflict("nothing-stored", "This backup stored no snapshot, so there is nothing to restore.");
        }

        return run.ItemNames.Contains(order.Item)
            ? (order.Request(run.RepositoryId, run.SnapshotId, run.PlanId), run.Kind)
            : throw ApiProblem.Invalid("item", $"The backup holds no {order.Item}. It holds: {string.Join(", ", run.ItemNames)}.");
    }

    private static async Task<(RestoreRequest Request, string Kind)> OfSnapshot(
        RestoreOrder order, HttpContext http, RepositoryStore repositories, SnapshotStore snapshots, CancellationToken cancel)
    {
        if (order.RepositoryId is null || order.SnapshotId is null || order.Kind is null)
        {
            throw ApiProblem.Invalid("backupId", "Say what to restore: backupId, or repositoryId, snapshotId and kind.");
        }

        await RepositoriesApi.One(order.RepositoryId, http, repositories, cancel);
        var snapshot = await snapshots.Resolve(http.Visitor().Organization, order.RepositoryId, order.SnapshotId, cancel)
            ?? throw ApiProblem.Invalid("snapshotId", $"There is no single snapshot {order.SnapshotId} in this repository.");
        return (order.Request(order.RepositoryId, snapshot, null), order.Kind);
    }
}

/// What to restore, whereto, under which name.
internal sealed record RestoreOrder
{
    /// Id of a backup; or repositoryId, snapshotId and kind.
    public string? BackupId { get; init; }

    public string? RepositoryId { get; init; }

    /// Id of the snapshot, or the beginning of it.
    public string? SnapshotId { get; init; }

    /// <c>postgres</c>; needed only without a backupId.
    public string? Kind { get; init; }

    /// The item in the snapshot, for instance a database's name.
    [Required(ErrorMessage = "Say which item to restore, for instance the name of a database.")]
    public string? Item { get; init; }

    /// Names of tables; all when left out.
    public IReadOnlyList<string>? Objects { get; init; }

    [Required(ErrorMessage = "Say which server to restore to.")]
    public string? ServerId { get; init; }

    /// The name the restored item gets.
    [Required(ErrorMessage = "Say under which name to restore.")]
    public string? Target { get; init; }

    /// The target's name once more, to replace one that exists.
    public string? Confirmation { get; init; }

    public bool DryRun { get; init; }

    public string? Host { get; init; }

    [Range(1, 65535, ErrorMessage = "A port lies between 1 and 65535.")]
    public int? Port { get; init; }

    public string? UserName { get; init; }

    public string? Password { get; init; }

    public string? RunAs { get; init; }

    public RestoreRequest Request(string repository, string snapshot, string? plan) => new()
    {
        RepositoryId = repository, SnapshotId = snapshot, Item = Item!, Objects = Objects is { Count: > 0 } ? Objects : null, ServerId = ServerId!, Target = Target!, Confirmation = Confirmation,
        DryRun = DryRun, Host = Host, Port = Port, UserName = UserName, Password = Password, RunAs = RunAs, PlanId = plan,
    };
}

internal sealed record RestoreAnswer
{
    public required string Id { get; init; }

    public required StageState State { get; init; }

    public required bool Final { get; init; }

    public required string RepositoryId { get; init; }

    public required string SnapshotId { get; init; }

    public string? BackupId { get; init; }

    public required string Kind { get; init; }

    public required string Item { get; init; }

    public IReadOnlyList<string>? Objects { get; init; }

    public required string ServerId { get; init; }

    public string? ServerName { get; init; }

    public required string Target { get; init; }

    public required bool Replace { get; init; }

    public required bool DryRun { get; init; }

    public string? Error { get; init; }

    public string? JobId { get; init; }

    /// What was done; of a dry run, what would be.
    public IReadOnlyList<string>? Steps { get; init; }

    public IReadOnlyList<string>? Warnings { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public static RestoreAnswer Of(RestoreRow row) => new()
    {
        Id = row.Id, State = row.State, Final = row.State.IsFinal(), RepositoryId = row.RepositoryId, SnapshotId = row.SnapshotId, BackupId = row.RunId, Kind = row.Kind, Item = row.Item,
        Objects = row.ObjectNames, ServerId = row.ServerId, ServerName = row.ServerName, Target = row.Target, Replace = row.ReplaceExisting, DryRun = row.DryRun, Error = row.Error,
        JobId = row.JobId, Steps = row.Result?.Steps, Warnings = row.Result?.Warnings, CreatedAt = row.CreatedAt, StartedAt = row.StartedAt, FinishedAt = row.FinishedAt,
    };
}
