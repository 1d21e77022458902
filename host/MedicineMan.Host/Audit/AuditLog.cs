using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Audit;

/// Who did what to what, from where, when. Each entry is sealed together with the one before it, so that a changed or missing
/// entry shows. An entry is written in the transaction of the change it tells of: there is none without the other. What only keeps
/// books has none, because it says nothing that an entry or the job's own log does not say: progress, leases and heartbeats of jobs, when a
/// session, token or server was last seen, expired rows swept away, remembered answers, scratch names, and lists of snapshots read again.
internal sealed class AuditLog(Database database, AuditSeal seal, TimeProvider time)
{
    private const string FirstHeadSql = "insert into audit_heads (organization_id, seq, hash) values (@organization, 0, '') on conflict do nothing";
    private const string HeadSql = "select seq, hash from audit_heads where organization_id = @organization";
    private const string MoveHeadSql = "update audit_heads set seq = @seq, hash = @hash where organization_id = @organization";

    private const string InsertSql = """
        insert into audit_entries (organization_id, seq, at, actor_kind, actor_id, actor_name, address, action, subject_kind, subject_id, subject_name, detail, hash)
        values (@organization, @Seq, @At, @ActorKind, @ActorId, @ActorName, @Address, @Action, @SubjectKind, @SubjectId, @SubjectName, @Detail, @hash)
        """;

    private const string PageSql = """
        select seq, at, actor_kind as ActorKind, actor_id as ActorId, actor_name as ActorName, address, action, subject_kind as SubjectKind,
               subject_id as SubjectId, subject_name as SubjectName, detail, hash
        from audit_entries where organization_id = @organization and seq < @before order by seq desc limit @size
        """;

    public async Task Record(DbTransaction transaction, OrganizationId organization, Actor actor, AuditEntry entry, CancellationToken cancel)
    {
        var connection = transaction.Connection!;
        await connection.ExecuteAsync(new CommandDefinition(FirstHeadSql, new { organization }, transaction, cancellationToken: cancel));
        var locking = database.Dialect is SqlDialect.Postgres ? HeadSql + " for update" : HeadSql;
        var head = await connection.QuerySingleAsync<Head>(new CommandDefinition(locking, new { organization }, transaction, cancellationToken: cancel));
        var row = new AuditRow
        {
            Seq = head.Seq + 1,
            At = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()),
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            ActorName = actor.Name,
            Address = actor.Address,
            Action = entry.Action,
            SubjectKind = entry.SubjectKind,
            SubjectId = entry.SubjectId,
            SubjectName = entry.SubjectName,
            Detail = entry.Detail is null ? null : JsonSerializer.Serialize(entry.Detail),
            Hash = "",
        };
        var hash = seal.Of(organization, row, head.Hash);
        await connection.ExecuteAsync(new CommandDefinition(
            InsertSql,
            new { organization, row.Seq, row.At, row.ActorKind, row.ActorId, row.ActorName, row.Address, row.Action, row.SubjectKind, row.SubjectId, row.SubjectName, row.Detail, hash },
            transaction,
            cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(MoveHeadSql, new { organization, seq = row.Seq, hash }, transaction, cancellationToken: cancel));
    }

    /// Newest first.
    public async Task<Page<AuditRow>> Page(OrganizationId organization, string? after, int size, CancellationToken cancel)
    {
        var before = Cursor.Parse(after, 1)?.Number(0) ?? long.MaxValue;
        await using var connection = await database.OpenRead(organization, cancel);
        var rows = await connection.QueryAsync<AuditRow>(new CommandDefinition(PageSql, new { organization, before, size = size + 1 }, cancellationToken: cancel));
        return Data.Page<AuditRow>.Of(rows, size, row => new Cursor(row.Seq.ToString(CultureInfo.InvariantCulture)));
    }

    /// <returns>The number of the newest entry that does not fit the one before it, or null when the whole chain holds.</returns>
    public async Task<long?> FirstBroken(OrganizationId organization, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        var head = await connection.QuerySingleOrDefaultAsync<Head>(new CommandDefinition(HeadSql, new { organization }, cancellationToken: cancel));
        var (previous, expected) = ("", 1L);
        const string chainSql = """
            select seq, at, actor_kind as ActorKind, actor_id as ActorId, actor_name as ActorName, address, action, subject_kind as SubjectKind,
                   subject_id as SubjectId, subject_name as SubjectName, detail, hash
            from audit_entries where organization_id = @organization order by seq
            """;
        await foreach (var row in connection.QueryUnbufferedAsync<AuditRow>(chainSql, new { organization }).WithCancellation(cancel))
        {
            if (row.Seq != expected || row.Hash != seal.Of(organization, row, previous))
            {
                return expected;
            }

            (previous, expected) = (row.Hash, expected + 1);
        }

        return head is null || (head.Seq == expected - 1 && head.Hash == previous) ? null : expected;
    }

    private sealed record Head
    {
        public required long Seq { get; init; }

        public required string Hash { get; init; }
    }
}

/// What happened. Never holds a secret.
/// <param name="Action">Dotted, past tense: <c>server.added</c>.</param>
internal sealed record AuditEntry(string Action, string SubjectKind, string SubjectId, string SubjectName)
{
    public IReadOnlyDictionary<string, string>? Detail { get; init; }
}

internal sealed record AuditRow
{
    public required long Seq { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string ActorKind { get; init; }

    public required string ActorId { get; init; }

    public required string ActorName { get; init; }

    public string? Address { get; init; }

    public required string Action { get; init; }

    public required string SubjectKind { get; init; }

    public required string SubjectId { get; init; }

    public required string SubjectName { get; init; }

    public string? Detail { get; init; }

    public required string Hash { get; init; }
}

/// Seals entries with a key that is not in the database, so that who can only write the database cannot forge the chain.
internal sealed class AuditSeal(byte[] key)
{
    public string Of(OrganizationId organization, AuditRow row, string previous)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes<string?[]>(
        [
            organization.Value, row.Seq.ToString(CultureInfo.InvariantCulture), row.At.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
            row.ActorKind, row.ActorId, row.ActorName, row.Address, row.Action, row.SubjectKind, row.SubjectId, row.SubjectName, row.Detail, previous,
        ]);
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, text));
    }
}
