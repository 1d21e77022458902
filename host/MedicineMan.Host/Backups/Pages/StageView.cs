using System.Globalization;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Shell;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Backups.Pages;

/// A stage as a page shows it.
internal sealed record StageView(string Name, StageState State, string Detail, double? Percent = null)
{
    public bool Busy => State is StageState.Running;

    public string Class => State.Text();

    public string Word => State switch
    {
        StageState.Waiting => "waiting",
        StageState.Running => "running",
        StageState.Done => Name == "Prove" ? "proven" : "done",
        StageState.Failed => Name == "Prove" ? "not proven" : "failed",
        StageState.Cancelled => "cancelled",
        _ => "not done",
    };

    // Green is for proven alone: a dump or a store that went well is calm, not green.
    public string Tone => State switch
    {
        StageState.Done => Name == "Prove" ? "good" : "fine",
        StageState.Failed => "bad",
        StageState.Running => "busy",
        _ => "none",
    };

    public string Icon => State switch
    {
        StageState.Done => Name == "Prove" ? "shield-check" : "circle-check",
        StageState.Failed => "alert-circle",
        StageState.Running => "loader-2",
        StageState.Cancelled => "ban",
        _ => "circle-dashed",
    };

    public static IReadOnlyList<StageView> Of(RunRow run, JobRow? dumping, JobRow? proving, DateTimeOffset now) =>
    [
        new("Dump", run.DumpState, DumpDetail(run, dumping, now), Share(run.DumpState, dumping)),
        new("Store", run.StoreState, run.StoreState is StageState.Done ? $"{Size.Text(run.StoredBytes)} stored for {Size.Text(run.ReadBytes)} read" : "", null),
        new("Prove", run.ProveState, ProveDetail(run, proving, now), Share(run.ProveState, proving)),
    ];

    /// Amount, rate and time left of a job that is going, in words.
    public static string Going(JobRow? job, DateTimeOffset now)
    {
        if (job is not { State: JobState.Running, Progress: { } at, StartedAt: { } started })
        {
            return "";
        }

        var seconds = Math.Max((now - started).TotalSeconds, 0.1);
        var amount = at.Unit == "bytes" ? Size.Text(at.Done) : string.Create(CultureInfo.InvariantCulture, $"{at.Done:N0} {at.Unit}");
        var rate = at.Unit == "bytes" ? $", {Size.Text((long)(at.Done / seconds))}/s" : "";
        var left = at is { Total: > 0, Done: > 0 } && at.Total > at.Done ? $", about {Left((at.Total.Value - at.Done) * seconds / at.Done)} left" : "";
        return $"{amount}{rate}{left}{(at.Detail is null ? "" : $" · {at.Detail}")}";
    }

    private static string DumpDetail(RunRow run, JobRow? job, DateTimeOffset now) => run.DumpState switch
    {
        StageState.Running => Going(job, now),
        StageState.Done when run.Tables > 0 => string.Create(CultureInfo.InvariantCulture, $"{run.Tables:N0} tables, {run.TableRows:N0} rows"),
        _ => "",
    };

    private static string ProveDetail(RunRow run, JobRow? job, DateTimeOffset now) => run.ProveState switch
    {
        StageState.Running => Going(job, now),
        StageState.Done or StageState.Failed when run.RestoreMs is > 0 => string.Create(
            CultureInfo.InvariantCulture, $"restored in {run.RestoreMs / 1000.0:0.0} s, compared in {run.CompareMs / 1000.0:0.0} s"),
        _ => "",
    };

    private static double? Share(StageState state, JobRow? job) =>
        state is StageState.Running && job?.Progress is { Total: > 0 } at ? Math.Min(100, Math.Round(100.0 * at.Done / at.Total.Value)) : null;

    private static string Left(double seconds) => seconds < 90 ? $"{Math.Ceiling(seconds):0} s" : seconds < 5400 ? $"{Math.Ceiling(seconds / 60):0} min" : $"{seconds / 3600:0.0} h";
}
