using Dapper;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Dashboard;

/// The figures of the home page, each counted from the rows it links to: how many servers answer, how many plans are stored and proven, what nobody
/// protects, what failed lately.
internal sealed class Numbers(Database database, BackupKinds kinds, TimeProvider time)
{
    /// A proof older than this says little about today's backups.
    public static readonly TimeSpan ProofHolds = TimeSpan.FromDays(7);

    private const int MostServices = 10;

    private const string CountsSql = """
        select
            (select count(*) from servers where organization_id = @organization) as Servers,
            (select count(*) from servers where organization_id = @organization and state = 'online') as Online,
            (select count(*) from servers where organization_id = @organization and state = 'failed') as Failed,
            (select count(*) from plans where organization_id = @organization) as Plans,
            (select count(*) from plans p join runs r on r.organization_id = p.organization_id and r.id = p.last_run_id
                where p.organization_id = @organization and r.store_state = 'done') as Protected,
            (select count(*) from plans where organization_id = @organization and last_proven_at >= @provenSince) as Proven,
            (select count(*) from jobs where organization_id = @organization and state = 'dead' and ended_at >= @failedSince) as DeadJobs,
            (select count(*) from jobs where organization_id = @organization and state = 'retrying' and ended_at is null) as RetryingJobs
        """;

    // Also what does not run right now: its data matters as much. A plan made by hand names no service, so nobody can say which of them it protects.
    private const string Unprotected = """
        from server_services f
        where f.organization_id = @organization and f.kind in @kinds and not exists (
            select 1 from plans p where p.organization_id = f.organization_id and p.server_id = f.server_id and p.kind = f.kind and p.service = f.identity)
        """;

    private const string UnprotectedSql = $"select count(*) {Unprotected}";

    private const string ServicesSql = $"""
        select f.id as Id, f.server_id as ServerId, (select s.name from servers s where s.organization_id = f.organization_id and s.id = f.server_id) as ServerName, f.title as Title
        {Unprotected} order by f.kind, f.server_id, f.identity limit @most
        """;

    public async Task<Figures> Count(OrganizationId organization, CancellationToken cancel)
    {
        var (now, known) = (time.GetUtcNow(), kinds.All.Select(kind => kind.Kind).ToArray());
        await using var connection = await database.OpenRead(organization, cancel);
        var figures = await connection.QuerySingleAsync<Figures>(new CommandDefinition(
            CountsSql, new { organization, provenSince = now - ProofHolds, failedSince = now - TimeSpan.FromDays(1) }, cancellationToken: cancel));
        if (known.Length == 0 || figures.Servers == 0)
        {
            return figures;
        }

        var services = (await connection.QueryAsync<UnprotectedRow>(new CommandDefinition(Among(ServicesSql), new { organization, kinds = known, most = MostServices }, cancellationToken: cancel))).AsList();
        return figures with
        {
            Services = services,
            Unprotected = services.Count < MostServices
                ? services.Count
                : await connection.ExecuteScalarAsync<long>(new CommandDefinition(Among(UnprotectedSql), new { organization, kinds = known }, cancellationToken: cancel)),
        };
    }

    // PostgreSQL takes a list as one value; for SQLite the list is written out.
    private string Among(string sql) => database.Dialect is SqlDialect.Postgres ? sql.Replace("in @kinds", "= any(@kinds)", StringComparison.Ordinal) : sql;
}

internal sealed record Figures
{
    public long Servers { get; init; }

    public long Online { get; init; }

    public long Failed { get; init; }

    public long Plans { get; init; }

    /// Plans whose last run is stored.
    public long Protected { get; init; }

    /// Plans with a proof that still holds.
    public long Proven { get; init; }

    /// Data stores that scans found and no plan covers.
    public long Unprotected { get; init; }

    /// Of the last 24 hours.
    public long DeadJobs { get; init; }

    public long RetryingJobs { get; init; }

    /// The first of the unprotected.
    public IReadOnlyList<UnprotectedRow> Services { get; init; } = [];
}

internal sealed record UnprotectedRow
{
    public required string Id { get; init; }

    public required string ServerId { get; init; }

    public required string ServerName { get; init; }

    public required string Title { get; init; }
}
