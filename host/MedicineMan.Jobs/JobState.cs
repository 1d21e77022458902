namespace MedicineMan.Jobs;

/// Where a job stands. Stored in lower case.
public enum JobState
{
    /// Waits for its time.
    Scheduled,

    /// Waits for a worker.
    Ready,

    Running,
    Succeeded,

    /// Failed or crashed, and waits to be tried again.
    Retrying,

    /// Failed for good; a person can retry it.
    Dead,

    Cancelled,
}

internal static class JobStates
{
    private static readonly string[] Names = [.. Enum.GetNames<JobState>().Select(name => name.ToLowerInvariant())];

    public static string Stored(this JobState state) => Names[(int)state];

    public static bool IsEnded(this JobState state) => state is JobState.Succeeded or JobState.Dead or JobState.Cancelled;

    public static JobState Read(string stored) => (JobState)Array.IndexOf(Names, stored);
}

internal static class JobHistories
{
    public static string Stored(this JobHistory history) => history switch { JobHistory.Brief => "brief", JobHistory.Lasting => "lasting", _ => "normal" };
}
