using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using Microsoft.AspNetCore.DataProtection;

namespace MedicineMan.Host.Idempotency;

/// Requests that must not act twice, for a day: who sent them under which key, and what was answered. The primary key decides who of
/// several senders acts; a request that died on the way leaves its key taken, because nobody can know how far it came.
internal sealed class IdempotencyStore(Database database, IDataProtectionProvider protection, TimeProvider time)
{
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    private const string ForgetSql = "delete from idempotency_keys where organization_id = @organization and created_at < @before";

    private const string TakeSql = """
        insert into idempotency_keys (organization_id, person_id, request_key, fingerprint, created_at) values (@organization, @person, @key, @sealedPrint, @now)
        on conflict do nothing
        """;

    private const string FindSql = """
        select fingerprint, answer, created_at as CreatedAt from idempotency_keys
        where organization_id = @organization and person_id = @person and request_key = @key
        """;

    private const string AnswerSql = "update idempotency_keys set answer = @answer where organization_id = @organization and person_id = @person and request_key = @key";
    private const string ReleaseSql = "delete from idempotency_keys where organization_id = @organization and person_id = @person and request_key = @key and answer is null";

    private readonly IDataProtector seal = protection.CreateProtector("idempotency");

    /// <returns>Null when the key is the caller's to act under; else what is known of the request that came first.</returns>
    public async Task<EarlierRequest?> Take(Visitor visitor, string key, byte[] fingerprint, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var row = new { organization = visitor.Organization, person = visitor.PersonId, key, now, before = now - Kept, sealedPrint = seal.Protect(Convert.ToHexString(fingerprint)) };
        var earlier = await database.Write(
            async transaction =>
            {
                var connection = transaction.Connection!;
                await connection.ExecuteAsync(new CommandDefinition(ForgetSql, row, transaction, cancellationToken: cancel));
                return await connection.ExecuteAsync(new CommandDefinition(TakeSql, row, transaction, cancellationToken: cancel)) == 1
                    ? null
                    : await connection.QuerySingleAsync<KeyRow>(new CommandDefinition(FindSql, row, transaction, cancellationToken: cancel));
            },
            cancel);
        return earlier is null ? null : Read(earlier, fingerprint);
    }

    /// What has become of a request that came first; null when its sender gave the key back.
    public async Task<EarlierRequest?> Find(Visitor visitor, string key, byte[] fingerprint, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(visitor.Organization, cancel);
        var row = await connection.QuerySingleOrDefaultAsync<KeyRow>(new CommandDefinition(
            FindSql, new { organization = visitor.Organization, person = visitor.PersonId, key }, cancellationToken: cancel));
        return row is null ? null : Read(row, fingerprint);
    }

    public Task Answered(Visitor visitor, string key, RememberedAnswer answer, CancellationToken cancel) => Change(
        AnswerSql, new { organization = visitor.Organization, person = visitor.PersonId, key, answer = seal.Protect(JsonSerializer.Serialize(answer)) }, cancel);

    /// Nothing was done under the key, so it may be used again.
    public Task Release(Visitor visitor, string key, CancellationToken cancel) =>
        Change(ReleaseSql, new { organization = visitor.Organization, person = visitor.PersonId, key }, cancel);

    private Task<int> Change(string sql, object values, CancellationToken cancel) =>
        database.Write(transaction => transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, values, transaction, cancellationToken: cancel)), cancel);

    private EarlierRequest Read(KeyRow row, byte[] fingerprint) => new(
        CryptographicOperations.FixedTimeEquals(Convert.FromHexString(seal.Unprotect(row.Fingerprint)), fingerprint),
        row.Answer is null ? null : JsonSerializer.Deserialize<RememberedAnswer>(seal.Unprotect(row.Answer)),
        time.GetUtcNow() - row.CreatedAt);

    private sealed record KeyRow
    {
        public required string Fingerprint { get; init; }

        public string? Answer { get; init; }

        public required DateTimeOffset CreatedAt { get; init; }
    }
}

/// <param name="Same">Whether it asked for the same.</param>
/// <param name="Answer">Null while it is under way, or when it died.</param>
internal sealed record EarlierRequest(bool Same, RememberedAnswer? Answer, TimeSpan Age);

internal sealed record RememberedAnswer(int Status, string? Location, string? ContentType, byte[] Body);
