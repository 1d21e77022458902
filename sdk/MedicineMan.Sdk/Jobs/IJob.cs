namespace MedicineMan.Sdk.Jobs;

/// <summary>Work that the host's durable queue runs. Created anew for each run by the plugin's container.</summary>
/// <typeparam name="TArguments">Stored as JSON; old rows must still read after an upgrade.</typeparam>
/// <remarks>Runs at least once: a run that died half way starts again, so it must be idempotent, and the type's comment says why it is.</remarks>
public interface IJob<in TArguments>
{
    /// <summary>Does the work. Throw <see cref="UserFacingException"/> to fail with a sentence; any other exception is retried.</summary>
    Task RunAsync(TArguments arguments, IJobRun run, CancellationToken cancel);
}

/// <summary>The run of a job, as its code sees it.</summary>
public interface IJobRun
{
    /// <summary>The job's id.</summary>
    string JobId { get; }

    /// <summary>1 for the first attempt.</summary>
    int Attempt { get; }

    /// <summary>What an earlier attempt, or this one, saved; null when nothing was.</summary>
    string? Checkpoint { get; }

    /// <summary>Keeps a little text for the next attempt, such as where to go on; null for nothing any more.</summary>
    /// <param name="checkpoint">At most 65,536 characters.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="OperationCanceledException">The lease is gone; stop at once.</exception>
    /// <exception cref="ArgumentException">It is longer than that.</exception>
    ValueTask SaveCheckpointAsync(string? checkpoint, CancellationToken cancel);

    /// <summary>Progress shown live; call it as often as you like, the host thins it out.</summary>
    IProgress<JobProgress> Progress { get; }

    /// <summary>Adds a line to the job's log.</summary>
    void Log(string message);

    /// <summary>Throws when another worker has taken this job over. Call it before each side effect that must not happen twice.</summary>
    /// <exception cref="OperationCanceledException">The lease is gone; stop at once.</exception>
    ValueTask CheckLeaseAsync(CancellationToken cancel);
}

/// <summary>How far a job is.</summary>
/// <param name="Stage">A word or two: "dump", "store".</param>
/// <param name="Done">Amount done in <paramref name="Unit"/>.</param>
/// <param name="Total">Amount in all, if known.</param>
/// <param name="Unit">"bytes", "tables", "rows".</param>
/// <param name="Detail">What it is at right now, for instance a table's name.</param>
public readonly record struct JobProgress(string Stage, long Done, long? Total = null, string Unit = "bytes", string? Detail = null);
