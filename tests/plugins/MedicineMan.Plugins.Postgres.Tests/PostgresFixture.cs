using MedicineMan.Host.Servers.Commands;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.Postgres.Tests;

/// One private PostgreSQL for the tests of a class, reached by the host's own local runner.
public sealed class PostgresFixture : IAsyncLifetime
{
    private PostgresServer? server;
    private Exception? missing;

    internal static ICommandRunner Runner { get; } = new ShellRunner(
        "here", new LocalShell(), (secret, _) => ValueTask.FromResult(secret.Id), TimeProvider.System);

    internal PostgresServer Server => missing is null ? server! : throw missing;

    internal BackupSource Source => Peer(Server);

    internal static BackupSource Peer(PostgresServer server) => new(Runner)
    {
        Host = server.SocketDirectory, Port = server.Port, RunAs = PostgresServer.SystemUser, UserName = "postgres",
    };

    /// The secret's id stands for its value here.
    internal static BackupSource ByPassword(PostgresServer server, string user, string password) => new(Runner)
    {
        Host = "127.0.0.1", Port = server.Port, UserName = user, Password = new SecretRef(password),
    };

    public async Task InitializeAsync()
    {
        try
        {
            server = await PostgresServer.Start();
        }
        catch (SkipException skip)
        {
            missing = skip;
        }
    }

    public async Task DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    /// A new database; Npgsql reaches it by name, whatever that holds.
    internal async Task Create(string name, string sql)
    {
        await Server.Execute($"create database {Names.Identifier(name)}");
        await Server.Execute(sql, name);
    }
}
