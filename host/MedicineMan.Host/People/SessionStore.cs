using System.Collections.Concurrent;
using System.Security.Cryptography;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using Microsoft.Extensions.Caching.Memory;

namespace MedicineMan.Host.People;

/// Who is signed in where. A session is a row, so it can be listed and ended; what a request needs of it is kept for a few seconds,
/// so that a page costs no query for it. Ending one takes effect at once on this node, within those seconds on others.
internal sealed class SessionStore(Database database, AuditLog audit, IMemoryCache cache, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SeenStep = TimeSpan.FromMinutes(5);

    // Raised to make this node forget everything it keeps about a person's sessions.
    private readonly ConcurrentDictionary<string, int> epochs = new();

    private const string InsertSql = """
        insert into sessions (id, organization_id, person_id, address, agent, created_at, seen_at, expires_at)
        values (@id, @organization, @person, @address, @agent, @now, @now, @until)
        """;

    private const string VisitorSql = """
        select s.organization_id as Organization, o.name as OrganizationName, p.id as PersonId, p.name as Name, p.email as Email, m.role as Role,
               s.seen_at as SeenAt
        from sessions s
        join organizations o on o.id = s.organization_id
        join people p on p.id = s.person_id
        join members m on m.organization_id = s.organization_id and m.person_id = s.person_id
        where s.id = @id and s.expires_at > @now
        """;

    private const string SeenSql = "update sessions set seen_at = @now where organization_id = @organization and id = @id";

    private const string ListSql = """
        select id, address, agent, created_at as CreatedAt, seen_at as SeenAt, expires_at as ExpiresAt
        from sessions where organization_id = @organization and person_id = @person and expires_at > @now order by seen_at desc limit 100
        """;

    private const string EndSql = "delete from sessions where organization_id = @organization and person_id = @person and id = @id";
    private const string EndOthersSql = "delete from sessions where organization_id = @organization and person_id = @person and id <> @id returning id";
    private const string PruneSql = "delete from sessions where organization_id = @organization and expires_at <= @now";

    public Task<string> Start(Person person, string? address, string? agent, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var (id, now) = (Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), time.GetUtcNow());
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(PruneSql, new { organization = person.Organization, now }, transaction, cancellationToken: cancel));
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                InsertSql,
                new { id, organization = person.Organization, person = person.Id, address, agent = agent is { Length: > 200 } ? agent[..200] : agent, now, until = now + Lifetime },
                transaction,
                cancellationToken: cancel));
            await audit.Record(transaction, person.Organization, new Actor("person", person.Id, person.Name, address), new AuditEntry("session.started", "person", person.Id, person.Name), cancel);
            return id;
        },
        cancel);

    /// Null when the session has ended, or the person is no longer a member.
    public async Task<Visitor?> Visitor(string id, CancellationToken cancel)
    {
        if (cache.TryGetValue(Key(id), out Kept? kept) && kept!.Epoch == Epoch(kept.Visitor.PersonId))
        {
            return kept.Visitor;
        }

        var now = time.GetUtcNow();
        await using var connection = await database.OpenRead(cancel);
        var row = await connection.QuerySingleOrDefaultAsync<VisitorRow>(new CommandDefinition(VisitorSql, new { id, now }, cancellationToken: cancel));
        if (row is null)
        {
            return null;
        }

        var epoch = Epoch(row.PersonId);

        if (now - row.SeenAt > SeenStep)
        {
            await database.Write(t => t.Connection!.ExecuteAsync(new CommandDefinition(SeenSql, new { id, organization = row.Organization, now }, t, cancellationToken: cancel)), cancel);
        }

        return cache.Set(Key(id), new Kept(row.ToVisitor() with { SessionId = id }, epoch), Fresh).Visitor;
    }

    public async Task<IReadOnlyList<SessionRow>> List(Visitor visitor, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(visitor.Organization, cancel);
        return [.. await connection.QueryAsync<SessionRow>(new CommandDefinition(
            ListSql, new { organization = visitor.Organization, person = visitor.PersonId, now = time.GetUtcNow() }, cancellationToken: cancel))];
    }

    public async Task End(Visitor visitor, string id, CancellationToken cancel)
    {
        await database.Write(
            async transaction =>
            {
                var ended = await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    EndSql, new { organization = visitor.Organization, person = visitor.PersonId, id }, transaction, cancellationToken: cancel));
                if (ended > 0)
                {
                    await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("session.ended", "person", visitor.PersonId, visitor.Name), cancel);
                }
            },
            cancel);
        Forget(id);
    }

    public async Task EndOthers(Visitor visitor, CancellationToken cancel)
    {
        var ended = await database.Write(
            async transaction =>
            {
                var ids = (await transaction.Connection!.QueryAsync<string>(new CommandDefinition(
                    EndOthersSql, new { organization = visitor.Organization, person = visitor.PersonId, id = visitor.SessionId ?? "" }, transaction, cancellationToken: cancel))).AsList();
                await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("session.others-ended", "person", visitor.PersonId, visitor.Name), cancel);
                return ids;
            },
            cancel);
        ended.ForEach(Forget);
    }

    /// After a person's rows went in another way, such as with a changed password.
    public void ForgetAll(string person) => epochs.AddOrUpdate(person, 1, static (_, epoch) => epoch + 1);

    private int Epoch(string person) => epochs.GetValueOrDefault(person);

    private void Forget(string id) => cache.Remove(Key(id));

    private static string Key(string id) => "session:" + id;

    private sealed record Kept(Visitor Visitor, int Epoch);
}

internal sealed record SessionRow
{
    public required string Id { get; init; }

    public string? Address { get; init; }

    public string? Agent { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset SeenAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}

/// What the database knows of who asks; also read for API tokens.
internal record VisitorRow
{
    public required OrganizationId Organization { get; init; }

    public required string OrganizationName { get; init; }

    public required string PersonId { get; init; }

    public required string Name { get; init; }

    public required string Email { get; init; }

    public required string Role { get; init; }

    public DateTimeOffset SeenAt { get; init; }

    public Visitor ToVisitor() => new()
    {
        Organization = Organization, OrganizationName = OrganizationName, PersonId = PersonId, Name = Name, Email = Email, Role = Roles.Parse(Role),
    };
}
