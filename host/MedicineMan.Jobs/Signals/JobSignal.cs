namespace MedicineMan.Jobs.Signals;

/// What happened to a job, as told to watchers and workers on all nodes: c(hanged), r(eady to be claimed), x (asked to stop), p (paused or resumed).
/// Without a job it is about any of the organisation's.
internal readonly record struct JobSignal(char Kind, string Organization, string Job)
{
    public const char IsChanged = 'c';
    public const char IsReady = 'r';
    public const char IsCancelled = 'x';
    public const char IsPaused = 'p';

    private const char Separator = '\t';

    // A PostgreSQL notification holds just under 8000 bytes.
    private const int MostBytes = 7500;

    private const int MostSingle = 50;

    /// One signal an organisation in place of very many.
    public static IReadOnlyList<JobSignal> Few(IEnumerable<JobSignal> signals)
    {
        List<JobSignal> all = [.. signals];
        return all.Count <= MostSingle ? all : [.. all.Select(signal => signal with { Job = "" }).Distinct()];
    }

    public static IEnumerable<string> Payloads(IEnumerable<JobSignal> signals)
    {
        var payload = new System.Text.StringBuilder();
        foreach (var signal in signals)
        {
            var line = $"{signal.Kind}{signal.Organization}{Separator}{signal.Job}";
            if (payload.Length > 0 && payload.Length + line.Length > MostBytes)
            {
                yield return payload.ToString();
                payload.Clear();
            }

            payload.Append(payload.Length > 0 ? "\n" : "").Append(line);
        }

        if (payload.Length > 0)
        {
            yield return payload.ToString();
        }
    }

    public static IEnumerable<JobSignal> Read(string payload) =>
        from line in payload.Split('\n')
        let end = line.IndexOf(Separator, StringComparison.Ordinal)
        where end > 0
        select new JobSignal(line[0], line[1..end], line[(end + 1)..]);
}
