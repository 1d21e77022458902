using MedicineMan.Host.Shell;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs;
using System.Globalization;

namespace MedicineMan.Host.JobScreens;

/// A job in words, icons and tones, the same on every page that shows one.
internal static class JobView
{
    public static IReadOnlyList<JobState> States { get; } =
        [JobState.Running, JobState.Ready, JobState.Scheduled, JobState.Retrying, JobState.Succeeded, JobState.Dead, JobState.Cancelled];

    public static string Word(this JobState state) => state switch
    {
        JobState.Scheduled => "scheduled",
        JobState.Ready => "ready",
        JobState.Running => "running",
        JobState.Succeeded => "succeeded",
        JobState.Retrying => "retrying",
        JobState.Dead => "dead",
        _ => "cancelled",
    };

    public static string Icon(this JobState state) => state switch
    {
        JobState.Scheduled => "clock",
        JobState.Ready => "circle-dashed",
        JobState.Running => "loader-2",
        JobState.Succeeded => "circle-check",
        JobState.Retrying => "rotate-clockwise",
        JobState.Dead => "circle-x",
        _ => "circle-minus",
    };

    public static string Tone(this JobState state) => state switch
    {
        JobState.Running => "busy",
        JobState.Succeeded => "good",
        JobState.Retrying => "warn",
        JobState.Dead => "bad",
        _ => "none",
    };

    public static string Icon(JobAttempt attempt) => Nearest(attempt).Icon();

    public static string Tone(JobAttempt attempt) => Nearest(attempt).Tone();

    /// What somebody is told who names another state.
    public static string StatesThereAre { get; } = $"A job's state is one of {string.Join(", ", States.Select(state => state.Word()))}.";

    public static JobState? Read(string? word) => States.Cast<JobState?>().FirstOrDefault(state => state!.Value.Word() == word);

    /// An error without what stood behind it.
    public static string? Sentence(string? error) => error?.Split('\n', 2)[0].TrimEnd();

    /// What stood behind an error, the nearest first.
    public static IReadOnlyList<string> Causes(string? error) => error?.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[1..] ?? [];

    private const int MostOnTimeline = 25;

    /// What happened to a job and when, in order; of many attempts the last ones.
    public static IReadOnlyList<JobMoment> Timeline(JobRow job, IReadOnlyList<JobAttempt> attempts, DateTimeOffset now)
    {
        List<JobMoment> moments = [new(job.CreatedAt, "none", "plus", job.RequestedBy is null ? "Enqueued" : $"Asked for by {job.RequestedBy}")];
        var due = job.DueAt > job.CreatedAt && attempts.Count == 0 ? job.DueAt : (DateTimeOffset?)null;
        if (due is { } later)
        {
            moments.Add(new(later, "none", "clock", job.Wait is JobWait.Rate ? "Its turn" : later > now ? "Not before" : "Due"));
        }

        foreach (var attempt in attempts.TakeLast(MostOnTimeline))
        {
            var number = attempts.Count > 1 || attempt.Number > 1 ? $"Attempt {attempt.Number}" : "It";
            moments.Add(new(attempt.StartedAt, "fine", "player-play", $"{number} started on {attempt.Worker}"));
            if (attempt.EndedAt is { } ended && attempt.Outcome != "running")
            {
                moments.Add(new(ended, Tone(attempt), Icon(attempt), $"{number} {(attempt.Outcome is "lost" or "cancelled" or "interrupted" ? "was " : "")}{attempt.Outcome} after {Took(ended - attempt.StartedAt)}"));
            }
        }

        if (job is { State: JobState.Retrying } && attempts.Count > 0)
        {
            moments.Add(new(job.DueAt, "none", "clock", $"Attempt {job.Attempt + 1} is due"));
        }
        else if (job.EndedAt is { } over && (job.State is JobState.Dead || attempts.Count == 0))
        {
            moments.Add(new(over, job.State.Tone(), job.State.Icon(), job.State is JobState.Dead ? "Given up" : $"Ended as {job.State.Word()}"));
        }

        return moments;
    }

    /// What a job waits for besides its time and a worker; null for nothing else.
    public static string? Waits(JobRow job) => job.Wait switch
    {
        JobWait.Key => Behind(job.ConcurrencyLimit),
        JobWait.SecondKey => Behind(job.SecondLimit),
        JobWait.Pause => "until its type is resumed",
        JobWait.Rate => "for its turn: only so many jobs of its type start in a minute",
        JobWait.Suspicion => "for its turn alone, since a worker died with it",
        _ => null,
    };

    private static string Behind(int limit) => $"for others with the same key, of which {(limit == 1 ? "one runs" : $"{limit} run")} at a time";

    public static bool CanRetry(this JobRow job) => job.State is JobState.Dead or JobState.Cancelled or JobState.Retrying;

    public static bool CanCancel(this JobRow job) => job.EndedAt is null && !job.CancelRequested;

    public static int? Percent(JobProgress progress) => progress.Total is > 0 and var total ? (int)Math.Clamp(100 * (double)progress.Done / total, 0, 100) : null;

    /// Amount, rate and time left. The rate is that of the whole attempt: steady, and never a guess from two moments.
    public static string Going(JobProgress progress, DateTimeOffset? started, DateTimeOffset now)
    {
        var amount = progress.Total is { } total ? $"{Amount(progress.Done, progress.Unit)} of {Amount(total, progress.Unit)}" : Amount(progress.Done, progress.Unit);
        var seconds = started is null ? 0 : (now - started.Value).TotalSeconds;
        if (seconds < 1 || progress.Done <= 0)
        {
            return amount;
        }

        var rate = progress.Done / seconds;
        var left = progress.Total is { } all && all > progress.Done ? $", about {Left((all - progress.Done) / rate)} left" : "";
        return $"{amount}, {Amount((long)rate, progress.Unit)}/s{left}";
    }

    public static string Took(TimeSpan time) =>
        time.TotalSeconds < 10 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s") : Left(time.TotalSeconds);

    /// Counting stops somewhere.
    public static string Count(long jobs) => jobs.ToString("N0", CultureInfo.InvariantCulture) + (jobs >= JobQueue.MostCounted ? "+" : "");

    public static string Times(Percentiles times) => $"{Short(times.P50)} / {Short(times.P95)} / {Short(times.P99)}";

    private static string Short(TimeSpan time) => time.TotalSeconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms") : Took(time);

    public static string Left(double seconds) => seconds switch
    {
        < 90 => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds):0} s"),
        < 5400 => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds / 60):0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h"),
    };

    public static string Amount(long amount, string unit) =>
        unit == "bytes" ? Size.Text(amount) : string.Create(CultureInfo.InvariantCulture, $"{amount:N0} {unit}");

    private static JobState Nearest(JobAttempt attempt) => attempt.Outcome switch
    {
        "running" => JobState.Running,
        "succeeded" => JobState.Succeeded,
        "failed" => JobState.Dead,
        "lost" or "interrupted" => JobState.Retrying,
        _ => JobState.Cancelled,
    };
}

/// Something that happened to a job.
internal sealed record JobMoment(DateTimeOffset At, string Tone, string Icon, string Words);
