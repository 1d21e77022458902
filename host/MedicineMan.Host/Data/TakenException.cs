using System.Data.Common;
using Dapper;
using MedicineMan.Sdk;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace MedicineMan.Host.Data;

/// What must be there only once is there already. The API answers it as a conflict.
internal sealed class TakenException : UserFacingException
{
    public TakenException(string message, Exception? inner = null)
        : base(message, inner) => Permanent = true;

    /// Runs an insert or an update and leaves it to the unique index to say whether something is in the way: of two that come at once, one is refused.
    public static async Task Refuse(DbTransaction transaction, CommandDefinition write, string sentence)
    {
        try
        {
            await transaction.Connection!.ExecuteAsync(write);
        }
        catch (DbException taken) when (taken is SqliteException { SqliteExtendedErrorCode: UniqueInSqlite } or PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new TakenException(sentence, taken);
        }
    }

    private const int UniqueInSqlite = 2067;
}
