namespace MedicineMan.Host.Backups;

/// A backup has three truths, each with a state of its own: dumped, stored, proven. A later failure never hides an earlier success.
internal enum StageState
{
    Waiting,
    Running,
    Done,
    Failed,
    Cancelled,

    /// Not asked for, for instance a plan without proof.
    Skipped,
}

internal static class StageStates
{
    /// As it stands in the database and in the API.
    public static string Text(this StageState state) => state switch
    {
        StageState.Waiting => "waiting",
        StageState.Running => "running",
        StageState.Done => "done",
        StageState.Failed => "failed",
        StageState.Cancelled => "cancelled",
        _ => "skipped",
    };

    public static bool IsFinal(this StageState state) => state is not (StageState.Waiting or StageState.Running);
}
