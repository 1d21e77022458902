using System.Data.Common;
using System.Text.Json;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Secrets;
using MedicineMan.Jobs;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Backups.Plans;

/// What is backed up, from which server, into which repository, and whether each backup is proven.
internal sealed class PlanStore(Database database, AuditLog audit, SecretVault vault, JobQueue jobs, ScheduleStore schedules, TimeProvider time)
{
    private const string Select = """
        select p.id, p.name, p.server_id as ServerId, s.name as ServerName, p.repository_id as RepositoryId, r.name as RepositoryName, p.kind, p.service, p.host, p.port,
               p.user_name as UserName, p.password_secret as PasswordSecret, p.run_as as RunAs, p.items, p.prove, p.proof_server_id as ProofServerId, v.name as ProofServerName,
               p.proof_host as ProofHost, p.proof_port as ProofPort, p.proof_user_name as ProofUserName, p.proof_password_secret as ProofPasswordSecret, p.proof_run_as as ProofRunAs,
               p.found, p.found_error as FoundError, p.found_at as FoundAt, p.last_proven_at as LastProvenAt, p.created_at as CreatedAt,
               p.last_run_id as LastRunId, l.dump_state as DumpState, l.store_state as StoreState, l.prove_state as ProveState, l.created_at as LastRunAt
        from plans p
        join servers s on s.organization_id = p.organization_id and s.id = p.server_id
        join repositories r on r.organization_id = p.organization_id and r.id = p.repository_id
        left join servers v on v.organization_id = p.organization_id and v.id = p.proof_server_id
        left join runs l on l.organization_id = p.organization_id and l.id = p.last_run_id
        where p.organization_id = @organization
        """;

    private const string PageSql = Select + " and (p.name, p.id) > (@name, @id) and (@server is null or p.server_id = @server) order by p.name, p.id limit @size";
    private const string FindSql = Select + " and p.id = @id";
    private const string DeleteSql = "delete from plans where organization_id = @organization and id = @id";
    private const string BusySql = "select 1 from runs where organization_id = @organization and plan_id = @id and (dump_state = 'running' or prove_state = 'running') limit 1";

    private const string InsertSql = """
        insert into plans (id, organization_id, name, server_id, repository_id, kind, service, host, port, user_name, password_secret, run_as, items, prove, proof_server_id,
                           proof_host, proof_port, proof_user_name, proof_password_secret, proof_run_as, created_at)
        values (@id, @organization, @Name, @ServerId, @RepositoryId, @Kind, @Service, @Host, @Port, @UserName, @secret, @RunAs, @items, @prove, @ProofServerId,
                @ProofHost, @ProofPort, @ProofUserName, @proofSecret, @ProofRunAs, @now)
        """;

    private const string EditSql = """
        update plans set name = @Name, repository_id = @RepositoryId, host = @Host, port = @Port, user_name = @UserName, password_secret = @secret, run_as = @RunAs,
               items = @items, prove = @prove, proof_server_id = @ProofServerId,
               proof_host = @ProofHost, proof_port = @ProofPort, proof_user_name = @ProofUserName, proof_password_secret = @proofSecret, proof_run_as = @ProofRunAs
        where organization_id = @organization and id = @id
        """;

    private const string FoundSql = """
        update plans set found = coalesce(@found, found), found_error = @error, found_at = @now where organization_id = @organization and id = @id returning name
        """;

    public async Task<Page<PlanRow>> Page(OrganizationId organization, string? server, string? after, int size, CancellationToken cancel)
    {
        var cursor = Cursor.Parse(after, 2) ?? new Cursor("", "");
        await using var connection = await database.OpenRead(organization, cancel);
        var rows = await connection.QueryAsync<PlanRow>(new CommandDefinition(
            PageSql, new { organization, server, name = cursor.Keys[0], id = cursor.Keys[1], size = size + 1 }, cancellationToken: cancel));
        return Data.Page<PlanRow>.Of(rows, size, row => new Cursor(row.Name, row.Id));
    }

    public async Task<PlanRow?> Find(OrganizationId organization, string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        return await connection.QuerySingleOrDefaultAsync<PlanRow>(new CommandDefinition(FindSql, new { organization, id }, cancellationToken: cancel));
    }

    public async Task<PlanRow> Get(OrganizationId organization, string id, CancellationToken cancel) =>
        await Find(organization, id, cancel) ?? throw new GoneException("plan");

    /// Adds the plan and enqueues a look at its source, so that a wrong password shows at once and not at night.
    public Task<string> Add(OrganizationId organization, Actor actor, PlanSettings plan, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var id = Ids.New(time);
                var secret = await Password(transaction, organization, actor, null, plan.Password, Label(plan), cancel);
                var proofSecret = await Password(transaction, organization, actor, null, plan.ProofPassword, ProofLabel(plan), cancel);
                await TakenException.Refuse(transaction, new CommandDefinition(InsertSql, Parameters(organization, id, plan, secret, proofSecret), transaction, cancellationToken: cancel), NameTaken(plan));
                await EnqueueLook(transaction, organization, actor, id, plan, cancel);
                await audit.Record(transaction, organization, actor, new AuditEntry("plan.added", "plan", id, plan.Name), cancel);
                return id;
            },
            cancel);

    /// A password that is null keeps the one there is, an empty one removes it. That of the proof goes when the proof moves to another server or host:
    /// a password is never sent where it was not entered for.
    public Task Edit(OrganizationId organization, Actor actor, string id, PlanSettings plan, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var row = await transaction.Connection!.QuerySingleOrDefaultAsync<PlanRow>(new CommandDefinition(FindSql, new { organization, id }, transaction, cancellationToken: cancel))
                    ?? throw new GoneException("plan");
                var proofStays = plan.ProofServerId == row.ProofServerId && plan.ProofHost == row.ProofHost;
                var secret = await Password(transaction, organization, actor, row.PasswordSecret, plan.Password, Label(plan), cancel);
                var proofSecret = await Password(transaction, organization, actor, row.ProofPasswordSecret, plan.ProofPassword ?? (proofStays ? null : ""), ProofLabel(plan), cancel);
                await TakenException.Refuse(transaction, new CommandDefinition(EditSql, Parameters(organization, id, plan, secret, proofSecret), transaction, cancellationToken: cancel), NameTaken(plan));
                await EnqueueLook(transaction, organization, actor, id, plan with { ServerId = row.ServerId }, cancel);
                await audit.Record(transaction, organization, actor, new AuditEntry("plan.changed", "plan", id, plan.Name), cancel);
            },
            cancel);

    /// Removes the plan with its schedules; its runs and snapshots stay.
    public Task Remove(OrganizationId organization, Actor actor, string id, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var connection = transaction.Connection!;
                var row = await connection.QuerySingleOrDefaultAsync<PlanRow>(new CommandDefinition(FindSql, new { organization, id }, transaction, cancellationToken: cancel))
                    ?? throw new GoneException("plan");
                if (await connection.ExecuteScalarAsync<int?>(new CommandDefinition(BusySql, new { organization, id }, transaction, cancellationToken: cancel)) is not null)
                {
                    throw new UserFacingException($"A run of {row.Name} is still going. Cancel it or wait for its end, then remove the plan.") { Permanent = true };
                }

                await schedules.RemoveOf(transaction, organization, actor, BackUp.Action, id, cancel);
                await connection.ExecuteAsync(new CommandDefinition(DeleteSql, new { organization, id }, transaction, cancellationToken: cancel));
                await Password(transaction, organization, actor, row.PasswordSecret, "", "", cancel);
                await Password(transaction, organization, actor, row.ProofPasswordSecret, "", "", cancel);
                await audit.Record(transaction, organization, actor, new AuditEntry("plan.removed", "plan", id, row.Name), cancel);
            },
            cancel);

    public Task RecordFound(OrganizationId organization, Actor actor, string id, string? found, string? error, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var name = await transaction.Connection!.ExecuteScalarAsync<string?>(new CommandDefinition(
                    FoundSql, new { organization, id, found, error, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
                if (name is not null)
                {
                    await audit.Record(transaction, organization, actor, new AuditEntry(error is null ? "plan.source-seen" : "plan.source-not-seen", "plan", id, name), cancel);
                }
            },
            cancel);

    private static string NameTaken(PlanSettings plan) => $"There is a plan named \"{plan.Name}\" already. Choose another name.";

    private static string Label(PlanSettings plan) => $"Database password of {plan.Name}";

    private static string ProofLabel(PlanSettings plan) => $"Database password for proofs of {plan.Name}";

    /// What stands in the vault after this: the stored one when nothing is given, nothing when it is empty, otherwise the given one.
    private async Task<string?> Password(DbTransaction transaction, OrganizationId organization, Actor actor, string? stored, string? given, string label, CancellationToken cancel)
    {
        if (given is null)
        {
            return stored;
        }

        if (stored is not null)
        {
            await vault.Delete(transaction, organization, new SecretRef(stored), actor, cancel);
        }

        return given.Length == 0 ? null : (await vault.Put(transaction, organization, "database-password", label, given, actor, cancel)).Id;
    }

    private Task<string> EnqueueLook(
        DbTransaction transaction, OrganizationId organization, Actor actor, string id, PlanSettings plan, CancellationToken cancel) =>
        jobs.Enqueue(
            transaction,
            new JobRequest(organization.Value, LookAtSource.JobType, $$"""{"plan":"{{id}}"}""")
            {
                Title = $"Look at {plan.Name}", ServerId = plan.ServerId, RequestedBy = actor.Name, Priority = actor.Priority, UniqueKey = $"look:{id}", MaxAttempts = 1,
                TimeLimit = TimeSpan.FromMinutes(10),
            },
            cancel);

    private object Parameters(OrganizationId organization, string id, PlanSettings plan, string? secret, string? proofSecret) => new
    {
        id, organization, plan.Name, plan.ServerId, plan.RepositoryId, plan.Kind, plan.Service, plan.Host, plan.Port, plan.UserName, secret, plan.RunAs,
        items = JsonSerializer.Serialize(plan.Items), prove = plan.Prove ? 1 : 0, plan.ProofServerId, plan.ProofHost, plan.ProofPort, plan.ProofUserName,
        proofSecret, plan.ProofRunAs, now = time.GetUtcNow(),
    };
}
