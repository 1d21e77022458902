using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.People;

namespace MedicineMan.Host.Access;

/// Personal API tokens. A token acts as its person, with the role the person has at that moment. Only a hash is kept: the
/// secret is random and long, so a plain SHA-256 is enough and quick.
internal sealed class ApiTokenStore(Database database, AuditLog audit, TimeProvider time)
{
    public const string Prefix = "mm_";
    private static readonly TimeSpan UsedStep = TimeSpan.FromMinutes(1);

    private const string InsertSql = """
        insert into api_tokens (id, organization_id, person_id, name, hash, created_at, expires_at)
        values (@id, @organization, @person, @name, @hash, @now, @expires)
        """;

    private const string ListSql = """
        select id, name, created_at as CreatedAt, expires_at as ExpiresAt, used_at as UsedAt
        from api_tokens where organization_id = @organization and person_id = @person order by created_at desc limit 200
        """;

    private const string RevokeSql = "delete from api_tokens where organization_id = @organization and person_id = @person and id = @id returning name";

    private const string FindSql = """
        select t.hash, t.used_at as UsedAt, t.organization_id as Organization, o.name as OrganizationName, p.id as PersonId, p.name as Name, p.email as Email, m.role as Role
        from api_tokens t
        join organizations o on o.id = t.organization_id
        join people p on p.id = t.person_id
        join members m on m.organization_id = t.organization_id and m.person_id = t.person_id
        where t.id = @id and (t.expires_at is null or t.expires_at > @now)
        """;

    private const string UsedSql = "update api_tokens set used_at = @now where organization_id = @organization and id = @id";

    /// <returns>The token in full; it is never shown again.</returns>
    public Task<string> Create(Visitor visitor, string name, DateTimeOffset? expires, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
            var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            var row = new { id, organization = visitor.Organization, person = visitor.PersonId, name, hash = Hash(secret), now = time.GetUtcNow(), expires };
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(InsertSql, row, transaction, cancellationToken: cancel));
            await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("token.created", "token", id, name), cancel);
            return $"{Prefix}{id}_{secret}";
        },
        cancel);

    public async Task<IReadOnlyList<ApiTokenRow>> List(Visitor visitor, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(visitor.Organization, cancel);
        return [.. await connection.QueryAsync<ApiTokenRow>(new CommandDefinition(
            ListSql, new { organization = visitor.Organization, person = visitor.PersonId }, cancellationToken: cancel))];
    }

    public Task Revoke(Visitor visitor, string id, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var name = await transaction.Connection!.ExecuteScalarAsync<string?>(new CommandDefinition(
                RevokeSql, new { organization = visitor.Organization, person = visitor.PersonId, id }, transaction, cancellationToken: cancel));
            if (name is not null)
            {
                await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("token.revoked", "token", id, name), cancel);
            }
        },
        cancel);

    /// Null for anything but a valid token of a member.
    public async Task<Visitor?> Visitor(string token, CancellationToken cancel)
    {
        var parts = token.StartsWith(Prefix, StringComparison.Ordinal) ? token[Prefix.Length..].Split('_', 2) : [];
        if (parts is not [var id, var secret])
        {
            return null;
        }

        var now = time.GetUtcNow();
        await using var connection = await database.OpenRead(cancel);
        var row = await connection.QuerySingleOrDefaultAsync<TokenVisitorRow>(new CommandDefinition(FindSql, new { id, now }, cancellationToken: cancel));
        if (row is null || !CryptographicOperations.FixedTimeEquals(row.Hash, Hash(secret)))
        {
            return null;
        }

        if (row.UsedAt is null || now - row.UsedAt > UsedStep)
        {
            await database.Write(t => t.Connection!.ExecuteAsync(new CommandDefinition(UsedSql, new { id, organization = row.Organization, now }, t, cancellationToken: cancel)), cancel);
        }

        return row.ToVisitor() with { TokenId = id };
    }

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}

internal sealed record ApiTokenRow
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? UsedAt { get; init; }
}

internal sealed record TokenVisitorRow : VisitorRow
{
    public required byte[] Hash { get; init; }

    public DateTimeOffset? UsedAt { get; init; }
}
