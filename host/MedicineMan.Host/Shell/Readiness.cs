using Dapper;
using MedicineMan.Host.Data;

namespace MedicineMan.Host.Shell;

/// <c>/readyz</c>: whether requests can be answered, which needs the database; a load balancer asks. <c>/healthz</c> only says that the process lives.
internal static partial class Readiness
{
    public static async Task<IResult> Check(Database database, ILoggerFactory loggers, CancellationToken cancel)
    {
        try
        {
            await using var connection = await database.OpenRead(cancel);
            await connection.ExecuteScalarAsync<int>(new CommandDefinition("select 1", commandTimeout: 2, cancellationToken: cancel));
            return Results.Text("ready");
        }
        catch (System.Data.Common.DbException unreachable)
        {
            Log.NotReady(loggers.CreateLogger("Readiness"), unreachable);
            return Results.Text("database unreachable", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The database cannot be reached")]
        public static partial void NotReady(ILogger logger, Exception exception);
    }
}
