using System.Text.RegularExpressions;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Plugins.Postgres;

internal enum PostgresFailureKind
{
    Other,
    NoSuchDatabase,
    ConnectionLost,
    Transient,
}

/// A client program's refusal, turned into what happened and what to do.
internal sealed partial class PostgresFailure(string what, string remedy, PostgresFailureKind kind) : UserFacingException(what + remedy)
{
    public PostgresFailureKind Kind { get; } = kind;

    /// The same failure with what was found out about it since.
    public PostgresFailure With(string otherRemedy, bool permanent) => new(what, otherRemedy, Kind) { Permanent = permanent };

    /// <param name="exit">How the program ended, with its error output.</param>
    /// <param name="doing">What failed, as the start of a sentence: <c>Dumping table public.orders</c>.</param>
    /// <param name="source">Named in remedies.</param>
    public static PostgresFailure From(CommandExit exit, string doing, BackupSource source)
    {
        var said = Said(exit);
        var (remedy, kind) = Remedy(exit.ErrorText, source);
        return new PostgresFailure($"{doing} failed: {said}", remedy, kind) { Permanent = kind is PostgresFailureKind.NoSuchDatabase || (kind is PostgresFailureKind.Other && remedy.Length > 0) };
    }

    /// The part of the error output that a person needs, without positions in PostgreSQL's source.
    private static string Said(CommandExit exit)
    {
        var text = Location().Replace(exit.ErrorText, "");
        text = Directory().Replace(text, "").Trim();
        var error = text.IndexOf("ERROR:", StringComparison.Ordinal) is >= 0 and var e ? e : text.IndexOf("FATAL:", StringComparison.Ordinal);
        text = Whitespace().Replace(error > 0 ? text[error..] : text, " ").Trim();
        text = text.Length > 700 ? text[..700] + "…" : text;
        return text.Length == 0 ? $"the program ended with exit code {exit.Code} and said nothing." : text.EndsWith('.') ? text : text + ".";
    }

    private static (string Remedy, PostgresFailureKind Kind) Remedy(string text, BackupSource source)
    {
        var systemUser = source.RunAs is { } user ? $"operating system user {user}" : "the operating system user of the connection";
        return text switch
        {
            // An immediate shutdown says 57P01 too, as a warning and without an error after it.
            _ when Has("immediate shutdown") || Has("crash of another server process") => (
                " The server was stopped or crashed. Start it, look at its log, and run this again.", PostgresFailureKind.ConnectionLost),
            _ when Has("57P01") || Has("terminating connection due to administrator command") => (
                " The database was dropped or its sessions were ended during the work. Run it again if that was not meant for good.", PostgresFailureKind.ConnectionLost),
            _ when Has("57P02") || Has("57P03") || Has("server closed the connection") || Has("the database system is ") || Has("connection to server was lost") => (
                " The server was stopped or crashed. Start it, look at its log, and run this again.", PostgresFailureKind.ConnectionLost),
            _ when Has("55P03") || Has("lock timeout") => (
                " Another session holds a lock on it, for instance ALTER TABLE or VACUUM FULL. Run it again when that has ended.", PostgresFailureKind.Transient),
            _ when Has("53300") || Has("too many clients") || Has("remaining connection slots") => (
                " The server has no free connection. Raise max_connections or close idle sessions, then run it again.", PostgresFailureKind.Transient),
            _ when Has("53100") || Has("No space left on device") => (
                " The server's disk is full. Free space there, then run it again.", PostgresFailureKind.Transient),
            _ when Has("42501") || Has("permission denied") || Has("must be owner") || Has("must be superuser") => (
                " The database user lacks a right. Use a superuser, or run GRANT pg_read_all_data TO the user (PostgreSQL 14 and newer) or GRANT SELECT on what is named; "
                + "to restore it needs CREATEDB.", PostgresFailureKind.Other),
            _ when Has("Peer authentication failed") || Has("Ident authentication failed") => (
                $" Peer authentication lets an operating system user in only under its own name, and the tools ran as {systemUser}. "
                + "Set \"run as\" to the cluster's owner (usually postgres), or give a host and a password, or add a map to pg_hba.conf.", PostgresFailureKind.Other),
            _ when Role().IsMatch(text) => (
                $" The tools ran as {systemUser}. Set \"run as\" to the cluster's owner (usually postgres), or enter a database user that exists.", PostgresFailureKind.Other),
            _ when Has("28P01") || Has("password authentication failed") => (
                " The password or the user name is wrong. Enter the right one in the database connection.", PostgresFailureKind.Other),
            _ when Has("no password supplied") => (
                " The server asks for a password. Enter one in the database connection, or use peer authentication through the socket.", PostgresFailureKind.Other),
            _ when Has("no pg_hba.conf entry") => (
                " pg_hba.conf has no line that lets this user in from there. Add one, and reload the server.", PostgresFailureKind.Other),
            _ when Database().IsMatch(text) => (" It was dropped or renamed. Look for its new name, or take it out of the plan.", PostgresFailureKind.NoSuchDatabase),
            _ when Has("Connection refused") || Has("No such file or directory") || Has("timeout expired") || Has("could not translate host name") => (
                " No PostgreSQL server answers there. Check that it runs, and that host or socket directory and port are right.", PostgresFailureKind.Transient),
            _ when Has("unsupported version") => (
                " The dump was made by newer tools. Install client programs at least as new as those on the server it came from.", PostgresFailureKind.Other),
            _ when Has("22023") && Has("locale") || Has("invalid LC_") || Has("invalid locale name") => (
                " The target's operating system lacks the database's locale. Install it (locale-gen) and restart PostgreSQL.", PostgresFailureKind.Other),
            _ => ("", PostgresFailureKind.Other),
        };

        bool Has(string part) => text.Contains(part, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^LOCATION:.*$\n?", RegexOptions.Multiline)]
    private static partial Regex Location();

    [GeneratedRegex(@"^could not change directory to .*$\n?", RegexOptions.Multiline)]
    private static partial Regex Directory();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();

    [GeneratedRegex(@"role ""[^""]*"" does not exist")]
    private static partial Regex Role();

    [GeneratedRegex(@"FATAL:.*database "".*"" does not exist", RegexOptions.Singleline)]
    private static partial Regex Database();
}
