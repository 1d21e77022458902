using Npgsql;

namespace MedicineMan.Testbed;

/// A private PostgreSQL cluster on a Unix socket and a free loopback port. The operating system user "postgres" (or the one who runs
/// the tests) gets in by peer authentication as superuser "postgres"; everybody else needs a password.
public sealed class PostgresServer : IAsyncDisposable
{
    // A cluster that was never started: copying it costs a tenth of making another.
    private static readonly Lazy<TemporaryFolder> Fresh = new(MakeFresh);

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

    /// <param name="settings">Lines of postgresql.conf; without them it keeps nothing over a power cut, and little memory.</param>
    public static async Task<PostgresServer> Start(string settings = "fsync=off\nshared_buffers=64MB\nmax_connections=60")
    {
        var bin = Programs.PostgresBin();
        var folder = OwnFolder("postgres");
        var server = new PostgresServer(folder, bin, Programs.FreePort());
        AsOwner(folder, "/bin/cp", "-a", Fresh.Value["data"], server.DataDirectory);
        await File.WriteAllTextAsync(Path.Combine(server.DataDirectory, "pg_hba.conf"),
            $"local all all peer map=owner\nhost all all 127.0.0.1/32 scram-sha-256\n");
        await File.WriteAllTextAsync(Path.Combine(server.DataDirectory, "pg_ident.conf"), $"owner {SystemUser} /^(.*)$ \\1\nowner {SystemUser} postgres\n");
        await File.AppendAllTextAsync(Path.Combine(server.DataDirectory, "postgresql.conf"),
            $"\nlisten_addresses='127.0.0.1'\nport={server.Port}\nunix_socket_directories='{folder.Path}'\n{settings}\n");
        server.StartAgain();
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

    public void Stop(string mode = "immediate") => Control("-m", mode, "-w", "stop");

    /// As after a crash: nobody is asked, nothing is finished.
    public void Restart() => Control("-l", folder["log"], "-m", "immediate", "-w", "-t", "60", "restart");

    /// From here to the next start, what commits without waiting for the disk stays in memory until a commit that does wait.
    public void FreezeLogWriter()
    {
        var postmaster = File.ReadLines(Path.Combine(DataDirectory, "postmaster.pid")).First();
        Programs.Run("/bin/kill", ["-STOP", Programs.Run("/usr/bin/pgrep", ["-P", postmaster, "-f", "walwriter"]).Trim()]);
    }

    public void StartAgain()
    {
        try
        {
            Control("-l", folder["log"], "-w", "-t", "60", "start");
        }
        catch (InvalidOperationException failure) when (File.Exists(folder["log"]))
        {
            throw new InvalidOperationException(failure.Message + File.ReadAllText(folder["log"]), failure);
        }
    }

    public ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(DataDirectory, "postmaster.pid")))
        {
            Stop();
        }

        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static TemporaryFolder MakeFresh()
    {
        var bin = Programs.PostgresBin();
        var folder = OwnFolder("fresh-postgres");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        File.WriteAllText(folder["password"], Password);
        AsOwner(folder, Path.Combine(bin, "initdb"), "-D", folder["data"], "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-A", "scram-sha-256", $"--pwfile={folder["password"]}");
        return folder;
    }

    private static TemporaryFolder OwnFolder(string name)
    {
        var folder = new TemporaryFolder(name, readableByAll: true);
        if (Programs.IsRoot)
        {
            Programs.Run("/bin/chown", ["postgres", folder.Path]);
        }

        return folder;
    }

    private void Control(params string[] arguments) => AsOwner(folder, Path.Combine(bin, "pg_ctl"), ["-D", DataDirectory, .. arguments]);

    private static void AsOwner(TemporaryFolder folder, string program, params string[] arguments)
    {
        var (file, all) = Programs.As(SystemUser, program, arguments);
        // pg_ctl's server would inherit our pipes and keep them open, so its output goes to a file.
        Programs.Run("/bin/sh", ["-c", "\"$@\" >\"$0\" 2>&1 || { cat \"$0\"; exit 1; }", folder[$"{Path.GetFileName(program)}.out"], file, .. all]);
    }

    private static string Quote(string value) => "\"" + value.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
