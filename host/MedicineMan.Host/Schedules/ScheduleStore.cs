using System.Data.Common;
using System.Globalization;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Schedules.Times;

namespace MedicineMan.Host.Schedules;

/// What is to be started when, and what became of it. When a schedule is next due stands in its row, so that the clock asks one index.
internal sealed class ScheduleStore(Database database, AuditLog audit, TimeProvider time)
{
    internal const string Columns = """
        id, organization_id as Organization, name, action, subject, cron, zone, jitter_seconds as JitterSeconds, missed, missed_most as MissedMost, overlap, blackouts,
        paused_at as PausedAt, due_at as DueAt, start_at as StartAt, waiting, created_at as CreatedAt
        """;

    private const string PageSql = $"""
        select {Columns} from schedules
        where organization_id = @organization and (name, id) > (@name, @id) and (@subject is null or subject = @subject)
        order by name, id limit @size
        """;

    private const string FindSql = $"select {Columns} from schedules where organization_id = @organization and id = @id";

    private const string OfSql = $"""
        select {Columns} from schedules where organization_id = @organization and action = @action and subject = @subject order by name limit 20
        """;

    private const string NextSql = $"""
        select {Columns} from schedules where organization_id = @organization and start_at < @before order by start_at, id limit @most
        """;

    private const string InsertSql = """
        insert into schedules (id, organization_id, name, action, subject, cron, zone, jitter_seconds, missed, missed_most, overlap, blackouts, due_at, start_at, created_at)
        values (@id, @organization, @Name, @Action, @Subject, @Cron, @Zone, @JitterSeconds, @missed, @MissedMost, @overlap, @Blackouts, @due, @start, @now)
        """;

    private const string EditSql = """
        update schedules set name = @Name, cron = @Cron, zone = @Zone, jitter_seconds = @JitterSeconds, missed = @missed, missed_most = @MissedMost, overlap = @overlap,
               blackouts = @Blackouts, waiting = 0,
               due_at = case when paused_at is null then @due end, start_at = case when paused_at is null then @start end
        where organization_id = @organization and id = @id
        """;

    private const string PauseSql = """
        update schedules set paused_at = @now, due_at = null, start_at = null, waiting = 0 where organization_id = @organization and id = @id and paused_at is null
        """;

    private const string ResumeSql = """
        update schedules set paused_at = null, due_at = @due, start_at = @start where organization_id = @organization and id = @id and paused_at is not null
        """;

    private const string DeleteSql = "delete from schedules where organization_id = @organization and id = @id";
    private const string DeleteStartsSql = "delete from schedule_starts where organization_id = @organization and schedule_id = @id";
    private const string IdsOfSql = "select id from schedules where organization_id = @organization and action = @action and subject = @subject";

    private const string StartsSql = """
        select due_at as DueAt, at, outcome, reason, url from schedule_starts
        where organization_id = @organization and schedule_id = @id and due_at < @before order by due_at desc limit @size
        """;

    public async Task<Page<ScheduleRow>> Page(OrganizationId organization, string? subject, string? after, int size, CancellationToken cancel)
    {
        var cursor = Cursor.Parse(after, 2) ?? new Cursor("", "");
        var rows = await Read<ScheduleRow>(PageSql, new { organization, subject, name = cursor.Keys[0], id = cursor.Keys[1], size = size + 1 }, organization, cancel);
        return Data.Page<ScheduleRow>.Of(rows, size, row => new Cursor(row.Name, row.Id));
    }

    public async Task<ScheduleRow?> Find(OrganizationId organization, string id, CancellationToken cancel) =>
        (await Read<ScheduleRow>(FindSql, new { organization, id }, organization, cancel)).SingleOrDefault();

    /// Those of one subject, by name.
    public Task<IReadOnlyList<ScheduleRow>> Of(OrganizationId organization, string action, string subject, CancellationToken cancel) =>
        Read<ScheduleRow>(OfSql, new { organization, action, subject }, organization, cancel);

    /// Those that start before a moment, the next first.
    public Task<IReadOnlyList<ScheduleRow>> Next(OrganizationId organization, DateTimeOffset before, int most, CancellationToken cancel) =>
        Read<ScheduleRow>(NextSql, new { organization, before, most }, organization, cancel);

    /// What became of the due times, newest first.
    public async Task<Page<ScheduleStart>> Starts(OrganizationId organization, string id, string? after, int size, CancellationToken cancel)
    {
        var before = Cursor.Parse(after, 1)?.Number(0) ?? long.MaxValue;
        var rows = await Read<ScheduleStart>(StartsSql, new { organization, id, before, size = size + 1 }, organization, cancel);
        return Data.Page<ScheduleStart>.Of(rows, size, row => new Cursor(row.DueAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)));
    }

    /// <param name="settings">Without <see cref="ScheduleSettings.Problems"/>.</param>
    public Task<string> Add(OrganizationId organization, Actor actor, ScheduleSettings settings, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var id = Ids.New(time);
                await TakenException.Refuse(transaction, new CommandDefinition(InsertSql, Parameters(organization, id, settings), transaction, cancellationToken: cancel), NameTaken(settings));
                await audit.Record(transaction, organization, actor, Entry("schedule.added", id, settings.Name, settings), cancel);
                return id;
            },
            cancel);

    /// Action and subject stay; the next time is counted from now.
    public Task Edit(OrganizationId organization, Actor actor, string id, ScheduleSettings settings, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                await Get(transaction, organization, id, cancel);
                await TakenException.Refuse(transaction, new CommandDefinition(EditSql, Parameters(organization, id, settings), transaction, cancellationToken: cancel), NameTaken(settings));
                await audit.Record(transaction, organization, actor, Entry("schedule.changed", id, settings.Name, settings), cancel);
            },
            cancel);

    /// Nothing is due until it is resumed, and what would have been is not made up for.
    /// <returns>False when it is paused already.</returns>
    public Task<bool> Pause(OrganizationId organization, Actor actor, string id, CancellationToken cancel) =>
        Turn(PauseSql, "schedule.paused", organization, actor, id, cancel);

    /// <returns>False when it is not paused.</returns>
    public Task<bool> Resume(OrganizationId organization, Actor actor, string id, CancellationToken cancel) =>
        Turn(ResumeSql, "schedule.resumed", organization, actor, id, cancel);

    public Task Remove(OrganizationId organization, Actor actor, string id, CancellationToken cancel) =>
        database.Write(transaction => Remove(transaction, organization, actor, id, cancel), cancel);

    /// Removes those of a subject that goes itself.
    public async Task RemoveOf(DbTransaction transaction, OrganizationId organization, Actor actor, string action, string subject, CancellationToken cancel)
    {
        var command = new CommandDefinition(IdsOfSql, new { organization, action, subject }, transaction, cancellationToken: cancel);
        foreach (var id in (await transaction.Connection!.QueryAsync<string>(command)).ToList())
        {
            await Remove(transaction, organization, actor, id, cancel);
        }
    }

    private async Task Remove(DbTransaction transaction, OrganizationId organization, Actor actor, string id, CancellationToken cancel)
    {
        var row = await Get(transaction, organization, id, cancel);
        foreach (var sql in new[] { DeleteStartsSql, DeleteSql })
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, new { organization, id }, transaction, cancellationToken: cancel));
        }

        await audit.Record(transaction, organization, actor, new AuditEntry("schedule.removed", "schedule", id, row.Name), cancel);
    }

    private Task<bool> Turn(string sql, string action, OrganizationId organization, Actor actor, string id, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var row = await Get(transaction, organization, id, cancel);
                var done = await transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, Parameters(organization, id, row.Settings), transaction, cancellationToken: cancel)) == 1;
                if (done)
                {
                    await audit.Record(transaction, organization, actor, new AuditEntry(action, "schedule", id, row.Name), cancel);
                }

                return done;
            },
            cancel);

    private static async Task<ScheduleRow> Get(DbTransaction transaction, OrganizationId organization, string id, CancellationToken cancel) =>
        await transaction.Connection!.QuerySingleOrDefaultAsync<ScheduleRow>(new CommandDefinition(FindSql, new { organization, id }, transaction, cancellationToken: cancel))
        ?? throw new GoneException("schedule");

    private static string NameTaken(ScheduleSettings settings) => $"There is a schedule named \"{settings.Name}\" already. Choose another name.";

    private static AuditEntry Entry(string action, string id, string name, ScheduleSettings settings) => new(action, "schedule", id, name)
    {
        Detail = new Dictionary<string, string> { ["cron"] = settings.Cron, ["zone"] = settings.Zone, ["subject"] = settings.Subject },
    };

    private object Parameters(OrganizationId organization, string id, ScheduleSettings settings)
    {
        var now = time.GetUtcNow();
        var times = DueTimes.Of(id, settings);
        var due = times.Next(now);
        return new
        {
            id, organization, settings.Name, settings.Action, settings.Subject, settings.Cron, settings.Zone, settings.JitterSeconds, missed = settings.Missed.Text(), settings.MissedMost,
            overlap = settings.Overlap.Text(), settings.Blackouts, due, start = due is { } at ? times.StartOf(at) : (DateTimeOffset?)null, now,
        };
    }

    private async Task<IReadOnlyList<T>> Read<T>(string sql, object values, OrganizationId organization, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        return [.. await connection.QueryAsync<T>(new CommandDefinition(sql, values, cancellationToken: cancel))];
    }
}
