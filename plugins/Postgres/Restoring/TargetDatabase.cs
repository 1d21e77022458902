using System.Globalization;
using System.IO.Hashing;
using System.Text;
using MedicineMan.Sdk;

namespace MedicineMan.Plugins.Postgres.Restoring;

/// The database a restore makes. It stands under a name of its own until it is complete, so that nobody takes a part for the whole;
/// the name is the host's or follows from the target's, so that the next attempt finds and removes what a killed one left.
internal sealed class TargetDatabase(Cluster cluster, RestorePlan plan)
{
    private readonly string final = plan.Options.Target;
    private readonly string mark = XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(plan.Options.Target)).ToString("x16", CultureInfo.InvariantCulture);

    /// A scratch database is found again by its given name alone.
    public string Name => plan.Options.Scratch ? final : plan.Options.WorkName ?? $"medicineman_restore_{mark}";

    // Nobody can rename the database a session of his own is in.
    private string Maintenance => final == cluster.Maintenance ? "template1" : cluster.Maintenance;

    public async Task Create(CancellationToken cancel)
    {
        if (!plan.Options.Scratch)
        {
            await RemoveLeftover(cancel);
        }

        var was = plan.Manifest.Database;
        var locale = was.LocaleProvider switch
        {
            "i" when was.Locale is { } icu => $" LOCALE_PROVIDER icu ICU_LOCALE {Names.Literal(icu)}",
            // The server's own default may be another.
            "c" when cluster.Major >= 15 => " LOCALE_PROVIDER libc",
            "b" when was.Locale is { } builtin => $" LOCALE_PROVIDER builtin BUILTIN_LOCALE {Names.Literal(builtin)}",
            _ => "",
        };
        await Sql($"CREATE DATABASE {Names.Identifier(Name)} TEMPLATE template0 ENCODING {Names.Literal(was.Encoding)} "
            + $"LC_COLLATE {Names.Literal(was.Collate)} LC_CTYPE {Names.Literal(was.Ctype)}{locale};", "Creating the database", cancel);
        if (!was.Schemas.Contains("public"))
        {
            await cluster.Run(Name, "DROP SCHEMA IF EXISTS public;", "Dropping the schema public, which the original lacks", cancel);
        }
    }

    /// Owner, settings, grants and comment, then the name. From here on the new database is the target.
    public async Task Finish(CancellationToken cancel)
    {
        await Sql(DatabaseSettings.Sql(Name, plan), "Setting the database's owner and settings", cancel);
        var old = $"medicineman_replaced_{mark}";
        if (plan.TargetExists)
        {
            await Drop(cluster, old, cancel, Maintenance);
        }

        // One transaction: there is a database of that name at every moment. Sessions may come in between ending and renaming, so it is tried again.
        var swap = (plan.TargetExists
            ? $"""
              SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = {Names.Literal(final)} AND pid <> pg_backend_pid() \g /dev/null
              ALTER DATABASE {Names.Identifier(final)} RENAME TO {Names.Identifier(old)};

              """
            : "") + $"ALTER DATABASE {Names.Identifier(Name)} RENAME TO {Names.Identifier(final)};\n";
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Sql($"BEGIN;\n{swap}COMMIT;", $"Putting the restored database in the place of {Names.Shown(final)}", cancel);
                return;
            }
            catch (PostgresFailure inUse) when (attempt < 5 && inUse.Message.Contains("55006", StringComparison.Ordinal))
            {
                // The server waited five seconds for the sessions to end before it said so.
                continue;
            }
        }
    }

    /// After the swap: the replaced database goes. What is left of it harms nothing.
    public Task DropReplaced(CancellationToken cancel) => Drop(cluster, $"medicineman_replaced_{mark}", cancel, Maintenance);

    public Task Drop(CancellationToken cancel) => Drop(cluster, Name, cancel, Maintenance);

    public static async Task Drop(Cluster cluster, string name, CancellationToken cancel, string? from = null)
    {
        // WITH (FORCE) ends sessions and drops in one; older servers need two steps.
        var sql = cluster.Major >= 13
            ? $"DROP DATABASE IF EXISTS {Names.Identifier(name)} WITH (FORCE);"
            : $"""
              SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = {Names.Literal(name)} \g /dev/null
              DROP DATABASE IF EXISTS {Names.Identifier(name)};
              """;
        await cluster.Run(from ?? cluster.Maintenance, sql, $"Dropping database {Names.Shown(name)}", cancel);
    }

    private async Task RemoveLeftover(CancellationToken cancel)
    {
        var sessions = await cluster.Run(Maintenance,
            $"select count(*) from pg_catalog.pg_stat_activity where datname = {Names.Literal(Name)};", "Looking for an earlier restore", cancel);
        if (sessions.Trim() != "0")
        {
            throw new LeftoverInUseException($"Another restore into {Names.Shown(final)} is at work in database {Name}. Wait for its end, or drop that database.");
        }

        await Drop(cancel);
    }

    private Task<string> Sql(string sql, string doing, CancellationToken cancel) => cluster.Run(Maintenance, sql, doing, cancel);
}

/// The name to build under is in use by somebody else's restore, which must not be dropped.
internal sealed class LeftoverInUseException(string message) : UserFacingException(message);
