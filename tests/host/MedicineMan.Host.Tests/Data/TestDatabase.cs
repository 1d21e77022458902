using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Data;

/// A migrated database of a test's own: a SQLite file, or a database in the PostgreSQL that all tests share.
internal sealed class TestDatabase : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> SharedPostgres = new(async () =>
    {
        var server = await PostgresServer.Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Stop();
        await server.Execute("create database migrated");
        await using var made = await Migrated(server.ConnectionString("migrated"), null);
        return server;
    });

    private readonly TemporaryFolder? folder;

    private TestDatabase(Database database, TemporaryFolder? folder, string connectionString)
    {
        (Database, this.folder, ConnectionString) = (database, folder, connectionString);
        Audit = new AuditLog(database, new AuditSeal(new byte[32]), TimeProvider.System);
    }

    public Database Database { get; }

    public string ConnectionString { get; }

    public AuditLog Audit { get; }

    public static async Task<TestDatabase> Sqlite()
    {
        var folder = new TemporaryFolder("database");
        return await Migrated($"Data Source={folder["medicineman.db"]}", folder);
    }

    public static async Task<TestDatabase> Postgres()
    {
        var server = await SharedPostgres.Value;
        var name = "t" + Guid.NewGuid().ToString("N");
        await server.Execute($"create database {name} template migrated");
        return await Migrated(server.ConnectionString(name).Replace("Pooling=false", "Maximum Pool Size=10", StringComparison.Ordinal), null);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        folder?.Dispose();
    }

    private static async Task<TestDatabase> Migrated(string connectionString, TemporaryFolder? folder)
    {
        var database = new Database(connectionString);
        await new Migrator(database, TimeProvider.System).Migrate(CancellationToken.None);
        return new TestDatabase(database, folder, connectionString);
    }
}
