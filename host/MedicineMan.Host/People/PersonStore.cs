using System.Data.Common;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;

namespace MedicineMan.Host.People;

/// People, and which role each has in which organisation. A person's address is unique over all organisations, because that is
/// what they sign in with before any organisation is known.
internal sealed class PersonStore(Database database, AuditLog audit, TimeProvider time)
{
    private const string Columns = """
        select id, organization_id as Organization, email, normalized_email as NormalizedEmail, name, password_hash as PasswordHash,
               security_stamp as SecurityStamp, failed_sign_ins as FailedSignIns, locked_until as LockedUntil, created_at as CreatedAt
        from people
        """;

    private const string ByIdSql = Columns + " where id = @id";
    private const string ByEmailSql = Columns + " where normalized_email = @email";
    private const string AnySql = "select exists (select 1 from members where role = 'owner')";

    private const string InsertSql = """
        insert into people (id, organization_id, email, normalized_email, name, password_hash, security_stamp, failed_sign_ins, locked_until, created_at)
        values (@Id, @Organization, @Email, @NormalizedEmail, @Name, @PasswordHash, @SecurityStamp, @FailedSignIns, @LockedUntil, @CreatedAt)
        """;

    private const string JoinSql = "insert into members (organization_id, person_id, role, created_at) values (@organization, @person, @role, @now)";

    private const string UpdateSql = """
        update people set email = @Email, normalized_email = @NormalizedEmail, name = @Name, password_hash = @PasswordHash, security_stamp = @SecurityStamp,
               failed_sign_ins = @FailedSignIns, locked_until = @LockedUntil
        where id = @Id and organization_id = @Organization
        """;

    private const string EndSessionsSql = "delete from sessions where organization_id = @organization and person_id = @person and id <> @except";

    public async Task<Person?> ById(string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel);
        return await connection.QuerySingleOrDefaultAsync<Person>(new CommandDefinition(ByIdSql, new { id }, cancellationToken: cancel));
    }

    public async Task<Person?> ByEmail(string normalizedEmail, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel);
        return await connection.QuerySingleOrDefaultAsync<Person>(new CommandDefinition(ByEmailSql, new { email = normalizedEmail }, cancellationToken: cancel));
    }

    /// Whether the installation has an owner yet.
    public async Task<bool> AnyOwner(CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(AnySql, cancellationToken: cancel));
    }

    public async Task Add(DbTransaction transaction, Person person, Role role, Actor actor, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        person.CreatedAt = now;
        await TakenException.Refuse(transaction, new CommandDefinition(InsertSql, person, transaction, cancellationToken: cancel), AddressTaken(person));
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            JoinSql, new { organization = person.Organization, person = person.Id, role = role.Text(), now }, transaction, cancellationToken: cancel));
        var entry = new AuditEntry("person.added", "person", person.Id, person.Name) { Detail = new Dictionary<string, string> { ["role"] = role.Text() } };
        await audit.Record(transaction, person.Organization, actor, entry, cancel);
    }

    public Task Add(Person person, Role role, CancellationToken cancel) =>
        database.Write(transaction => Add(transaction, person, role, person.ChangedBy, cancel), cancel);

    /// A changed password ends every session of the person: who knew the old one must not stay.
    public Task Update(Person person, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var connection = transaction.Connection!;
            var before = await connection.QuerySingleAsync<Person>(new CommandDefinition(ByIdSql, new { id = person.Id }, transaction, cancellationToken: cancel));
            await TakenException.Refuse(transaction, new CommandDefinition(UpdateSql, person, transaction, cancellationToken: cancel), AddressTaken(person));
            if (before.PasswordHash != person.PasswordHash)
            {
                await connection.ExecuteAsync(new CommandDefinition(
                    EndSessionsSql, new { organization = person.Organization, person = person.Id, except = "" }, transaction, cancellationToken: cancel));
            }

            if (What(before, person) is { } action)
            {
                await audit.Record(transaction, person.Organization, person.ChangedBy, new AuditEntry(action, "person", person.Id, person.Name), cancel);
            }
        },
        cancel);

    private static string AddressTaken(Person person) => $"Somebody signs in with {person.Email} already. Use another address.";

    private static string? What(Person before, Person after) => (before, after) switch
    {
        _ when before.PasswordHash != after.PasswordHash => "person.password-changed",
        _ when after.LockedUntil > (before.LockedUntil ?? DateTimeOffset.MinValue) => "person.locked-out",
        _ when after.FailedSignIns > before.FailedSignIns => "person.sign-in-failed",
        _ when before.Email != after.Email || before.Name != after.Name => "person.changed",
        _ => null,
    };
}
