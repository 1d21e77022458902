using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.Plugins.Events;

/// How far each event handler of a plugin has heard. The audit trail is the outbox: an event is told from the row it was written down in, never from
/// memory. Only one node at a time tells a handler, by a hold that runs out when the node dies.
internal sealed class EventPositions(Database database, TimeProvider clock)
{
    public const int BatchSize = 100;

    private const string BeginSql = """
        insert into plugin_event_positions (organization_id, plugin_id, handler, seq, failures, due_at, held_until)
        values (@organization, @plugin, @handler, coalesce((select seq from audit_heads where organization_id = @organization), 0), 0, 0, 0)
        on conflict do nothing
        """;

    private const string DueSql = """
        select 1 from plugin_event_positions
        where organization_id = @organization and plugin_id = @plugin and handler = @handler and held_until <= @now and due_at <= @now
          and seq < (select seq from audit_heads where organization_id = @organization)
        """;

    private const string HoldSql = """
        update plugin_event_positions set held_until = @until
        where organization_id = @organization and plugin_id = @plugin and handler = @handler and held_until <= @now and due_at <= @now
          and seq < (select seq from audit_heads where organization_id = @organization)
        returning seq, failures
        """;

    private const string MoveSql = """
        update plugin_event_positions set seq = @seq, failures = @failures, due_at = @due, held_until = @until
        where organization_id = @organization and plugin_id = @plugin and handler = @handler and held_until = @held
        """;

    private const string NextSql = """
        select seq, at, actor_kind as ActorKind, actor_id as ActorId, actor_name as ActorName, action, subject_kind as SubjectKind,
               subject_id as SubjectId, subject_name as SubjectName, detail, hash
        from audit_entries where organization_id = @organization and seq > @seq order by seq limit @size
        """;

    /// A handler that is new begins with what happens from now on.
    public Task Begin(HandlerKey key, CancellationToken cancel) => database.Write(transaction => transaction.Connection!.ExecuteAsync(new CommandDefinition(
        BeginSql, new { organization = OrganizationId.Default, plugin = key.Plugin, handler = key.Handler }, transaction, cancellationToken: cancel)), cancel);

    /// Whether there may be something to tell. It only reads, so that asking often costs no writer's turn.
    public async Task<bool> IsDue(HandlerKey key, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(OrganizationId.Default, cancel);
        return await connection.QuerySingleOrDefaultAsync<int?>(new CommandDefinition(
            DueSql, new { organization = OrganizationId.Default, plugin = key.Plugin, handler = key.Handler, now = Now() }, cancellationToken: cancel)) is not null;
    }

    /// Takes the handler for this node if there is something to tell it and its time has come.
    public Task<EventPosition?> Hold(HandlerKey key, TimeSpan length, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var (now, until) = (Now(), Now() + (long)length.TotalMilliseconds);
            var position = await transaction.Connection!.QuerySingleOrDefaultAsync<EventPosition>(new CommandDefinition(
                HoldSql, new { organization = OrganizationId.Default, plugin = key.Plugin, handler = key.Handler, now, until }, transaction, cancellationToken: cancel));
            return position is null ? null : position with { Held = until };
        },
        cancel);

    /// <returns>Null when another node has taken over.</returns>
    public Task<EventPosition?> Move(HandlerKey key, EventPosition position, long seq, long failures, TimeSpan pause, TimeSpan hold, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var until = hold == TimeSpan.Zero ? 0 : Math.Max(position.Held + 1, Now() + (long)hold.TotalMilliseconds);
            var moved = await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                MoveSql,
                new { organization = OrganizationId.Default, plugin = key.Plugin, handler = key.Handler, seq, failures, due = Now() + (long)pause.TotalMilliseconds, until, held = position.Held },
                transaction,
                cancellationToken: cancel));
            return moved == 1 ? new EventPosition { Seq = seq, Failures = failures, Held = until } : null;
        },
        cancel);

    public async Task<IReadOnlyList<AuditRow>> Next(long seq, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(OrganizationId.Default, cancel);
        return [.. await connection.QueryAsync<AuditRow>(new CommandDefinition(NextSql, new { organization = OrganizationId.Default, seq, size = BatchSize }, cancellationToken: cancel))];
    }

    private long Now() => clock.GetUtcNow().ToUnixTimeMilliseconds();
}

internal readonly record struct HandlerKey(string Plugin, string Handler);

internal sealed record EventPosition
{
    public required long Seq { get; init; }

    public required long Failures { get; init; }

    /// Until when this node has it, which also tells it from a later hold.
    public long Held { get; init; }
}
