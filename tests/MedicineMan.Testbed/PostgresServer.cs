using Npgsql;

namespace MedicineMan.Testbed;

/// A private PostgreSQL cluster on a Unix socket and a free loopback port. The operating system user "postgres" (or the one who runs
/// the tests) gets in by peer authentication as superuser "postgres"; everybody else needs a password.
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly TemporaryFolder folder;
    private readonly string bin;

    private PostgresServer(TemporaryFolder folder, string bin, int port)
    {
        (this.folder, this.bin, Port) = (folder, bin, port);
    }

    public int Port { get; }

    public string SocketDirectory => folder.Path;

    public string DataDirectory => folder["data"];

    public string Bin => bin;

    /// The operating system user the server runs as; peer authentication lets it in.
    public static string SystemUser => Programs.IsRoot ? "postgres" : Environment.UserName;

    /// Superuser that signs in over TCP with a password.
    public const string Password = "correct horse";

    public string ConnectionString(string database = "postgres") =>
        $"Host=127.0.0.1;Port={Port};Username=postgres;Password={Password};Database={Quote(database)};Include Error Detail=true;Pooling=false";

    public static async Task<PostgresServer> Start()
    {
        var bin = Programs.PostgresBin();
        var folder = new TemporaryFolder("postgres", readableByAll: true);
        var server = new PostgresServer(folder, bin, Programs.FreePort());
        if (Programs.IsRoot)
        {
            Programs.Run("/bin/chown", ["postgres", folder.Path]);
        }

        await File.WriteAllTextAsync(folder["password"], Password);
        server.AsOwner("initdb", "-D", server.DataDirectory, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-A", "scram-sha-256", $"--pwfile={folder["password"]}");
        await File.WriteAllTextAsync(Path.Combine(server.DataDirectory, "pg_hba.conf"),
            $"local all all peer map=owner\nhost all all 127.0.0.1/32 scram-sha-256\n");
        await File.WriteAllTextAsync(Path.Combine(server.DataDirectory, "pg_ident.conf"), $"owner {SystemUser} /^(.*)$ \\1\nowner {SystemUser} postgres\n");
        await File.AppendAllTextAsync(Path.Combine(server.DataDirectory, "postgresql.conf"),
            $"\nlisten_addresses='127.0.0.1'\nport={server.Port}\nunix_socket_directories='{folder.Path}'\nfsync=off\nshared_buffers=64MB\nmax_connections=60\n");
        server.AsOwner("pg_ctl", "-D", server.DataDirectory, "-l", folder["log"], "-w", "-t", "60", "start");
        return server;
    }

    /// Runs SQL as superuser.
    public async Task Execute(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> Query<T>(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        return (T)Convert.ChangeType((await command.ExecuteScalarAsync())!, typeof(T), System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Stop(string mode = "immediate") => AsOwner("pg_ctl", "-D", DataDirectory, "-m", mode, "-w", "stop");

    public void StartAgain() => AsOwner("pg_ctl", "-D", DataDirectory, "-l", folder["log"], "-w", "-t", "60", "start");

    public ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(DataDirectory, "postmaster.pid")))
        {
            Stop();
        }

        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private void AsOwner(string program, params string[] arguments)
    {
        var (file, all) = Programs.As(SystemUser, Path.Combine(bin, program), arguments);
        // pg_ctl's server would inherit our pipes and keep them open, so its output goes to a file.
        Programs.Run("/bin/sh", ["-c", "\"$@\" >\"$0\" 2>&1 || { cat \"$0\"; exit 1; }", folder[$"{program}.out"], file, .. all]);
    }

    private static string Quote(string value) => "\"" + value.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
