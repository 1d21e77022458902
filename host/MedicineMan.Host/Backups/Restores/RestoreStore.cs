using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Secrets;
using MedicineMan.Jobs;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Restores;

/// The restores people asked for, newest first, and what came of them.
internal sealed class RestoreStore(Database database, AuditLog audit, SecretVault vault, JobQueue jobs, TimeProvider time)
{
    private const string Select = """
        select t.id, t.repository_id as RepositoryId, r.name as RepositoryName, t.snapshot_id as SnapshotId, t.run_id as RunId, t.kind, t.server_id as ServerId, s.name as ServerName,
               t.host, t.port, t.user_name as UserName, t.password_secret as PasswordSecret, t.run_as as RunAs, t.item, t.target, t.objects,
               t.replace_existing as ReplaceExisting, t.dry_run as DryRun, t.state, t.error, t.report, t.job_id as JobId, t.started_at as StartedAt,
               t.finished_at as FinishedAt, t.created_at as CreatedAt
        from restores t
        left join servers s on s.organization_id = t.organization_id and s.id = t.server_id
        left join repositories r on r.organization_id = t.organization_id and r.id = t.repository_id
        where t.organization_id = @organization
        """;

    private const string PageSql = Select + " and (t.created_at, t.id) < (@at, @id) order by t.created_at desc, t.id desc limit @size";
    private const string FindSql = Select + " and t.id = @id";
    private const string PlanSql = """
        select kind, host, port, user_name as UserName, password_secret as PasswordSecret, run_as as RunAs, server_id as ServerId
        from plans where organization_id = @organization and id = @plan
        """;

    private const string RunSql = "select id from runs where organization_id = @organization and repository_id = @repository and snapshot_id = @snapshot";
    private const string ServerSql = "select name from servers where organization_id = @organization and id = @id";

    private const string InsertSql = """
        insert into restores (id, organization_id, repository_id, snapshot_id, run_id, kind, server_id, host, port, user_name, password_secret, run_as, item, target, objects,
                              replace_existing, dry_run, state, created_at)
        values (@id, @organization, @RepositoryId, @SnapshotId, @run, @kind, @ServerId, @host, @port, @userName, @secret, @runAs, @Item, @Target, @objects, @replace, @dryRun, 'waiting', @now)
        """;

    private const string LinkSql = "update restores set job_id = @job where organization_id = @organization and id = @id";
    private const string StartedSql = "update restores set state = 'running', error = null, started_at = coalesce(started_at, @now) where organization_id = @organization and id = @id";
    private const string PostponedSql = "update restores set state = 'waiting', error = @error where organization_id = @organization and id = @id";
    private const string FinishedSql = "update restores set state = @state, error = @error, report = @report, finished_at = @now where organization_id = @organization and id = @id";

    public async Task<Page<RestoreRow>> Page(OrganizationId organization, string? after, int size, CancellationToken cancel)
    {
        var cursor = Cursor.Parse(after, 2);
        var (at, id) = cursor is null ? (long.MaxValue, "") : (cursor.Number(0), cursor.Keys[1]);
        await using var connection = await database.OpenRead(organization, cancel);
        var rows = await connection.QueryAsync<RestoreRow>(new CommandDefinition(PageSql, new { organization, at, id, size = size + 1 }, cancellationToken: cancel));
        return Data.Page<RestoreRow>.Of(rows, size, row => new Cursor(row.CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), row.Id));
    }

    public async Task<RestoreRow?> Find(OrganizationId organization, string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        return await connection.QuerySingleOrDefaultAsync<RestoreRow>(new CommandDefinition(FindSql, new { organization, id }, cancellationToken: cancel));
    }

    public async Task<RestoreRow> Get(OrganizationId organization, string id, CancellationToken cancel) =>
        await Find(organization, id, cancel) ?? throw new GoneException("restore");

    /// Writes the request down and enqueues its job. A confirmation that does not repeat the target's name changes nothing.
    /// <param name="kind">Kind of the backup provider that made the snapshot.</param>
    public Task<string> Request(OrganizationId organization, Actor actor, RestoreRequest request, string kind, CancellationToken cancel, string? secretOfEarlier = null)
    {
        var replace = !string.IsNullOrEmpty(request.Confirmation);
        if (replace && request.Confirmation != request.Target)
        {
            throw new UserFacingException($"To replace \"{request.Target}\", type its name exactly. Nothing was changed.") { Permanent = true };
        }

        return database.Write(
            async transaction =>
            {
                var connection = transaction.Connection!;
                var id = Ids.New(time);
                var server = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(ServerSql, new { organization, id = request.ServerId }, transaction, cancellationToken: cancel))
                    ?? throw new UserFacingException("The server to restore to no longer exists.") { Permanent = true };
                var plan = await Connection(transaction, organization, request, cancel);
                var run = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
                    RunSql, new { organization, repository = request.RepositoryId, snapshot = request.SnapshotId }, transaction, cancellationToken: cancel));
                var secret = request.Password is { Length: > 0 } password
                    ? (await vault.Put(transaction, organization, "database-password", $"Database password for restoring {request.Target}", password, actor, cancel)).Id
                    : secretOfEarlier ?? plan?.PasswordSecret;
                await connection.ExecuteAsync(new CommandDefinition(
                    InsertSql,
                    new
                    {
                        id, organization, request.RepositoryId, request.SnapshotId, run, kind, request.ServerId, host = request.Host ?? plan?.Host, port = request.Port ?? plan?.Port,
                        userName = request.UserName ?? plan?.UserName, secret, runAs = request.RunAs ?? plan?.RunAs, request.Item, request.Target,
                        objects = request.Objects is null ? null : JsonSerializer.Serialize(request.Objects), replace = replace ? 1 : 0, dryRun = request.DryRun ? 1 : 0, now = time.GetUtcNow(),
                    },
                    transaction,
                    cancellationToken: cancel));
                var what = request.DryRun ? "Try restoring" : "Restore";
                var job = await jobs.Enqueue(
                    transaction,
                    new JobRequest(organization.Value, RestoreBackup.JobType, $$"""{"restore":"{{id}}"}""")
                    {
                        Title = $"{what} {request.Item} to {server}", ServerId = request.ServerId, RequestedBy = actor.Name, Priority = actor.Priority, Queue = BackupServices.Queue,
                        ConcurrencyKey = $"server:{request.ServerId}", MaxAttempts = 2,
                    },
                    cancel);
                await connection.ExecuteAsync(new CommandDefinition(LinkSql, new { organization, id, job }, transaction, cancellationToken: cancel));
                await audit.Record(
                    transaction,
                    organization,
                    actor,
                    new AuditEntry(request.DryRun ? "restore.tried" : "restore.requested", "restore", id, request.Target)
                    {
                        Detail = new Dictionary<string, string> { ["snapshot"] = request.SnapshotId, ["item"] = request.Item, ["server"] = server, ["replace"] = replace ? "yes" : "no" },
                    },
                    cancel);
                return id;
            },
            cancel);
    }

    /// The restore of a dry run once more, for real.
    public async Task<string> DoTried(OrganizationId organization, Actor actor, string id, CancellationToken cancel)
    {
        var tried = await Get(organization, id, cancel);
        var request = new RestoreRequest
        {
            RepositoryId = tried.RepositoryId, SnapshotId = tried.SnapshotId, Item = tried.Item, Objects = tried.ObjectNames, ServerId = tried.ServerId, Target = tried.Target,
            Confirmation = tried.ReplaceExisting ? tried.Target : null, Host = tried.Host, Port = tried.Port, UserName = tried.UserName, RunAs = tried.RunAs,
        };
        return await Request(organization, actor, request, tried.Kind, cancel, tried.PasswordSecret);
    }

    public Task Started(OrganizationId organization, Actor actor, RestoreRow restore, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(StartedSql, new { organization, id = restore.Id, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
                await audit.Record(transaction, organization, actor, new AuditEntry("restore.started", "restore", restore.Id, restore.Target), cancel);
            },
            cancel);

    /// This attempt came to nothing and another one follows.
    public Task Postponed(OrganizationId organization, Actor actor, RestoreRow restore, string error, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(PostponedSql, new { organization, id = restore.Id, error }, transaction, cancellationToken: cancel));
                await audit.Record(transaction, organization, actor, new AuditEntry("restore.postponed", "restore", restore.Id, restore.Target), cancel);
            },
            cancel);

    public Task Finished(OrganizationId organization, Actor actor, RestoreRow restore, StageState state, string? error, RestoreReport? report, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    FinishedSql,
                    new { organization, id = restore.Id, state = state.Text(), error, report = report is null ? null : JsonSerializer.Serialize(report), now = time.GetUtcNow() },
                    transaction,
                    cancellationToken: cancel));
                await audit.Record(transaction, organization, actor, new AuditEntry($"restore.{state.Text()}", "restore", restore.Id, restore.Target), cancel);
            },
            cancel);

    private static async Task<PlanConnection?> Connection(DbTransaction transaction, OrganizationId organization, RestoreRequest request, CancellationToken cancel)
    {
        var plan = request.PlanId is null
            ? null
            : await transaction.Connection!.QuerySingleOrDefaultAsync<PlanConnection>(new CommandDefinition(PlanSql, new { organization, plan = request.PlanId }, transaction, cancellationToken: cancel));
        return plan?.ServerId == request.ServerId ? plan : null;
    }

    private sealed record PlanConnection
    {
        public required string Kind { get; init; }

        public string? Host { get; init; }

        public int? Port { get; init; }

        public string? UserName { get; init; }

        public string? PasswordSecret { get; init; }

        public string? RunAs { get; init; }

        public required string ServerId { get; init; }
    }
}
