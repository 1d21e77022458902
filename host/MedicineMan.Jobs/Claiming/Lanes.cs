using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Claiming;

/// Where ready jobs stand in line; the migration that made the column says what each lane means.
internal static class Lanes
{
    public const string Suspect = "~suspect";

    /// The SQL that says where a job stands when nothing holds it back.
    public const string HomeSql = "case when crashes > 0 then '~suspect' else queue || '/' || organization_id end";

    private const string First = "~key/";
    private const string Second = "~key2/";
    private const long Step = 60_000;

    /// Lets the first @most of a closed @lane out of it.
    public static string NextSql(SqlDialect dialect) => $"""
        update jobs set lane = {HomeSql}
        where id in (select id from jobs where state = 'ready' and lane = @lane order by rank, id limit @most {(dialect == SqlDialect.Postgres ? "for update skip locked" : "")})
          and organization_id = @Organization
        """;

    public static string Home(string queue, string organization) => $"{queue}/{organization}";

    /// Behind the running jobs with a key; a second key has names of its own.
    public static string Key(string organization, string key, int place) => $"{(place == 0 ? First : Second)}{organization}/{key}";

    public static string Paused(string organization, string type) => $"~paused/{organization}/{type}";

    public static string QueueOf(string lane) => lane[..lane.IndexOf('/', StringComparison.Ordinal)];

    public static string OrganizationOf(string lane) => lane[(lane.IndexOf('/', StringComparison.Ordinal) + 1)..];

    public static JobWait WaitOf(string lane) =>
        lane == Suspect ? JobWait.Suspicion
        : lane.StartsWith(First, StringComparison.Ordinal) ? JobWait.Key
        : lane.StartsWith(Second, StringComparison.Ordinal) ? JobWait.SecondKey
        : lane.StartsWith("~paused/", StringComparison.Ordinal) ? JobWait.Pause
        : JobWait.None;

    /// A step of priority is worth a minute of waiting.
    public static long Rank(DateTimeOffset due, int priority) => due.Milliseconds() - (Step * priority);
}
