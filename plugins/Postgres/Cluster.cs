using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Plugins.Postgres;

/// A PostgreSQL server we have reached: builds the commands that connect to it, and runs short questions through psql.
internal sealed class Cluster(BackupSource source, Tools tools)
{
    private const int MaxAnswer = 64 << 20;

    private const string IdentitySql = """
        select pg_catalog.json_build_object('version', pg_catalog.current_setting('server_version'),
            'number', pg_catalog.current_setting('server_version_num')::int, 'user', current_user,
            'superuser', (select rolsuper from pg_catalog.pg_roles where rolname = current_user),
            'createRole', (select rolcreaterole or rolsuper from pg_catalog.pg_roles where rolname = current_user))
        """;

    public BackupSource Source { get; } = source;

    public Tools Tools { get; } = tools;

    /// Where to connect for what concerns no one database.
    public string Maintenance { get; private set; } = "postgres";

    public ServerIdentity Server { get; private set; } = null!;

    public int Major => Server.Number / 10000;

    /// Finds the tools, connects, and checks that they fit together.
    public static async Task<Cluster> Connect(BackupSource source, IReadOnlyList<string> places, CancellationToken cancel)
    {
        var cluster = new Cluster(source, await Tools.Find(source, places, cancel));
        try
        {
            cluster.Server = await cluster.Ask("postgres", IdentitySql, PostgresJson.Default.ServerIdentity, cancel);
        }
        catch (PostgresFailure failure) when (failure.Kind is PostgresFailureKind.NoSuchDatabase)
        {
            cluster.Maintenance = "template1";
            cluster.Server = await cluster.Ask("template1", IdentitySql, PostgresJson.Default.ServerIdentity, cancel);
        }

        if (cluster.Major < 12)
        {
            throw new UserFacingException($"The server runs PostgreSQL {cluster.Server.Version}; version 12 or newer is needed.") { Permanent = true };
        }

        cluster.Tools.MustFit(cluster.Major);
        return cluster;
    }

    /// A client program with this connection's arguments, environment and password file.
    public CommandSpec Command(string program, string database, params IEnumerable<string> arguments)
    {
        List<string> all = ["-w", "-d", Names.Connection(database)];
        Add("-h", Source.Host);
        Add("-p", Source.Port?.ToString(CultureInfo.InvariantCulture));
        Add("-U", Source.UserName);
        return new CommandSpec(Tools.Path(program), [.. all, .. arguments])
        {
            RunAs = Source.RunAs,
            TimeLimit = Timeout.InfiniteTimeSpan,
            // English, so that refusals before the first query can be told apart; every later one has a code.
            Environment = new Dictionary<string, string> { ["PGCONNECT_TIMEOUT"] = "20", ["PGAPPNAME"] = "medicineman", ["LC_ALL"] = "C" },
            Files = Source.Password is { } password
                ? [new CommandFile("PGPASSFILE", $"*:*:*:*:{CommandFile.SecretPlaceholder}\n") { Secret = password, Encode = PasswordFileEscape }]
                : [],
        };

        void Add(string option, string? value)
        {
            if (value is not null)
            {
                all.AddRange([option, value]);
            }
        }
    }

    /// psql that stops at the first error, reads no start-up file and prints bare values.
    public CommandSpec Psql(string database, params IEnumerable<string> arguments) =>
        Command("psql", database, ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", .. arguments]);

    /// Runs statements and returns what they print.
    public async Task<string> Run(string database, string sql, string doing, CancellationToken cancel)
    {
        var (output, exit) = await Source.Server.RunTextAsync(Psql(database), $"{SessionSettings.Sql}\n{sql}", MaxAnswer, cancel);
        return exit.Ok ? output : throw PostgresFailure.From(exit, doing, Source);
    }

    /// Asks for one JSON document.
    public async Task<T> Ask<T>(string database, string sql, JsonTypeInfo<T> type, CancellationToken cancel) =>
        JsonSerializer.Deserialize(await Run(database, sql + ";\n", $"A question to database {Names.Shown(database)}", cancel), type)!;

    /// A connection breaks in the same way whether the server stopped, somebody ended the session or the database was dropped: ask which it was.
    public async Task<PostgresFailure> Explain(PostgresFailure lost, string database, CancellationToken cancel)
    {
        try
        {
            var there = await Run(Maintenance, $"select count(*) from pg_catalog.pg_database where datname = {Names.Literal(database)};", "Looking for the database", cancel);
            return there.Trim() == "0"
                ? lost.With($" Database {Names.Shown(database)} was dropped during the work. Take it out of the plan, or create it again.", permanent: true)
                : lost.With(" The server answers again: its sessions were ended or it was restarted during the work. Run this again.", permanent: false);
        }
        catch (PostgresFailure)
        {
            // The server is gone altogether, which is what the failure says.
            return lost;
        }
    }

    private static string PasswordFileEscape(string password) => password.AsSpan().ContainsAny('\n', '\r')
        ? throw new UserFacingException("The database password holds a line break; PostgreSQL's programs can't take such a password from a file. Change it.")
        : password.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);
}

internal sealed record ServerIdentity
{
    public required string Version { get; init; }

    public required int Number { get; init; }

    public required string User { get; init; }

    public bool Superuser { get; init; }

    public bool CreateRole { get; init; }
}
