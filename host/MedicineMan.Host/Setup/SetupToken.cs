using System.Buffers.Text;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.Setup;

/// Whoever can read the console may become the first administrator, and only once. The database keeps a hash; every start
/// without an administrator prints a new token and forgets the one before.
internal sealed class SetupToken(Database database, AuditLog audit)
{
    private const string NeededSql = "select not exists (select 1 from members where role = 'owner')";
    private const string IssueSql = "update setup set token_hash = @hash where organization_id = @organization";
    private const string HashSql = "select token_hash from setup where organization_id = @organization";
    private const string SpendSql = "update setup set token_hash = null where organization_id = @organization and token_hash = @hash";

    /// Null when there is an administrator.
    public Task<string?> Issue(CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var connection = transaction.Connection!;
            if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(NeededSql, transaction: transaction, cancellationToken: cancel)))
            {
                return null;
            }

            var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
            await connection.ExecuteAsync(new CommandDefinition(
                IssueSql, new { organization = OrganizationId.Default, hash = Hash(token) }, transaction, cancellationToken: cancel));
            await audit.Record(transaction, OrganizationId.Default, Actor.System, new AuditEntry("setup-token.issued", "setup", OrganizationId.Default.Value, "Setup"), cancel);
            return token;
        },
        cancel);

    public async Task<bool> Fits(string? token, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel);
        var hash = await connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition(HashSql, new { organization = OrganizationId.Default }, cancellationToken: cancel));
        return hash is not null && token is not null && CryptographicOperations.FixedTimeEquals(hash, Hash(token.Trim()));
    }

    /// True for exactly one caller: the row is changed in the transaction that makes the administrator.
    public static async Task<bool> Spend(DbTransaction transaction, string token, CancellationToken cancel)
    {
        var key = new { organization = OrganizationId.Default, hash = Hash(token.Trim()) };
        return await transaction.Connection!.ExecuteAsync(new CommandDefinition(SpendSql, key, transaction, cancellationToken: cancel)) == 1;
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
