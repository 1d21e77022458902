using System.Data.Common;
using System.Text.Json;

namespace MedicineMan.Jobs;

/// The run of a job as its handler sees it.
public sealed class JobRun
{
    private const int MostCheckpointLength = 64 * 1024;

    private readonly IJobDatabase database;
    private readonly ClaimedJob job;
    private readonly Fence fence;
    private readonly Journal journal;
    private readonly Func<Exception, bool> runsAgain;

    internal JobRun(IJobDatabase database, ClaimedJob job, JsonElement arguments, Fence fence, Journal journal, Func<Exception, bool> runsAgain)
    {
        (this.database, this.job, this.fence, this.journal, this.runsAgain) = (database, job, fence, journal, runsAgain);
        (Arguments, Checkpoint) = (arguments, job.Checkpoint);
    }

    public string Id => job.Id;

    public string Organization => job.Organization;

    public string Type => job.Type;

    /// As enqueued: what follows from this job may be as urgent.
    public int Priority => job.Priority;

    /// Version of the arguments, as enqueued.
    public int Version => job.Version;

    public JsonElement Arguments { get; }

    /// 1 for the first.
    public int Attempt => job.Attempt;

    /// The fencing token: grows with each claim of the job, for side effects that can carry it along.
    public long LeaseToken => job.Token;

    /// Whether the queue runs this job once more if this attempt ends with that failure, for handlers that keep a record of their own.
    public bool RunsAgainAfter(Exception failure) => runsAgain(failure);

    /// What an earlier attempt or this one saved, as JSON.
    public string? Checkpoint { get; private set; }

    /// Shown live; call it as often as you like, at most two a second are written.
    public void Progress(JobProgress progress) => journal.Report(progress);

    /// Adds a line to the job's log; written within half a second.
    public void Log(string message) => journal.Log(message);

    /// Throws when the job no longer belongs to this run. Call it before each side effect that must not happen twice.
    /// It may write, so inside a transaction use the overload that takes it: SQLite has only one writer.
    public Task CheckLease(CancellationToken cancel) => fence.Check(cancel);

    /// The same inside the transaction that has the side effect: nobody takes the job over before it has ended.
    public Task CheckLease(DbTransaction transaction, CancellationToken cancel) => fence.Hold(transaction, cancel);

    /// Keeps a small JSON value for the next attempt.
    public async Task SaveCheckpoint(string? checkpoint, CancellationToken cancel)
    {
        await database.Write(async transaction => { await SaveCheckpoint(transaction, checkpoint, cancel); return true; }, cancel);
        Checkpoint = checkpoint;
    }

    /// The same inside the caller's transaction, together with what the checkpoint stands for.
    public Task SaveCheckpoint(DbTransaction transaction, string? checkpoint, CancellationToken cancel)
    {
        if (checkpoint?.Length > MostCheckpointLength)
        {
            throw new ArgumentException($"A checkpoint holds at most {MostCheckpointLength} characters.", nameof(checkpoint));
        }

        return fence.SaveCheckpoint(transaction, checkpoint, cancel);
    }
}
