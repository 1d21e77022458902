using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using MedicineMan.Jobs.Rows;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Jobs.Work;

internal enum StopCause
{
    None,
    Cancelled,
    TimeLimit,
    Shutdown,
    LeaseLost,
}

/// One attempt of one job from claim to outcome: starts the handler, stops it when told to, gives it up when it does not listen.
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer to free, and an abandoned handler may use its token for as long as it likes.")]
internal sealed partial class Execution(
    IJobDatabase database, JobChanges changes, JobWorkerOptions options, TimeProvider time, Verdict verdict, ILogger logger, ClaimedJob claimed)
{
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClaimedJob job = claimed;
    private JobPolicy policy = JobPolicy.Default;
    private int cause;
    private bool limitIsDeadline;

    public ClaimedJob Job => job;

    /// When it came to this worker.
    public DateTimeOffset ClaimedAt { get; } = time.GetUtcNow();

    /// The whole of it, outcome written.
    public Task Done => done.Task;

    public void Conclude() => done.TrySetResult();

    /// The first cause counts, except that without the lease nothing else does.
    public void Stop(StopCause why)
    {
        if (why == StopCause.LeaseLost)
        {
            Volatile.Write(ref cause, (int)why);
        }
        else
        {
            Interlocked.CompareExchange(ref cause, (int)why, (int)StopCause.None);
        }

        // What handlers hang on the token runs on its own, so that a slow one does not hold up the heartbeat.
        _ = stop.CancelAsync();
    }

    /// The outcome to write; null when it is no longer this run's to say.
    public async Task<Outcome?> Run(JobHandlers handlers)
    {
        job = job with { StartedAt = job.StartedAt ?? time.GetUtcNow().Milliseconds() };
        if ((StopCause)Volatile.Read(ref cause) == StopCause.Cancelled)
        {
            return Verdict.Cancelled(job, time.GetUtcNow(), null);
        }

        if (handlers.Find(job.Type) is not { } handler)
        {
            return verdict.Unknown(job, time.GetUtcNow());
        }

        policy = handler.Policy;
        JsonElement arguments;
        try
        {
            arguments = JsonSerializer.Deserialize<JsonElement>(job.Arguments);
        }
        catch (JsonException exception)
        {
            return verdict.Failed(job, time.GetUtcNow(), new(true, $"The stored arguments of this job are not JSON ({exception.Message}); enqueue it anew."), policy);
        }

        using var journal = new Journal(database, changes, options, time, logger, job);
        var run = new JobRun(database, job, arguments, new Fence(database, time, options.Lease, job), journal, RunsAgain);
        using var limit = Limit() is { } most ? time.CreateTimer(_ => Stop(StopCause.TimeLimit), null, most, Timeout.InfiniteTimeSpan) : null;
        var work = Task.Run(() => handler.Run(run, stop.Token), CancellationToken.None);
        var ended = await EndedInTime(work);
        await journal.Close();
        return ended ? await Judge(work) : Abandon(handler, work);
    }

    private async Task<bool> EndedInTime(Task work)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Token.Register(asked.SetResult);
        if (await Task.WhenAny(work, asked.Task) != work)
        {
            using var enough = new CancellationTokenSource();
            await Task.WhenAny(work, Task.Delay(options.Grace, time, enough.Token));
            await enough.CancelAsync();
        }

        return work.IsCompleted;
    }

    private async Task<Outcome?> Judge(Task work)
    {
        try
        {
            await work;
            return Verdict.Succeeded(job, time.GetUtcNow());
        }
        catch (Exception exception)
        {
            var now = time.GetUtcNow();
            switch ((StopCause)Volatile.Read(ref cause))
            {
                case StopCause.LeaseLost:
                    return null;
                case StopCause.Cancelled:
                    return Verdict.Cancelled(job, now, exception is OperationCanceledException ? null : options.Classify(exception).Message);
                case StopCause.Shutdown:
                    return Verdict.Interrupted(job, now);
                case StopCause.TimeLimit:
                    return verdict.Failed(job, now, new(HasNoTime, TooLong()), policy);
                default:
                    var failure = options.Classify(exception);
                    Log.Failed(logger, failure.Expected ? null : exception, job.Type, job.Id, job.Attempt, failure.Message);
                    return exception is LeaseLostException ? null : verdict.Failed(job, now, failure.WithCauses(exception), policy);
            }
        }
    }

    private bool RunsAgain(Exception exception) => (StopCause)Volatile.Read(ref cause) switch
    {
        StopCause.LeaseLost or StopCause.Shutdown => true,
        StopCause.Cancelled => false,
        StopCause.TimeLimit => Verdict.RunsAgain(job, permanent: HasNoTime),
        _ => exception is LeaseLostException || Verdict.RunsAgain(job, options.Classify(exception).Permanent),
    };

    private Outcome? Abandon(IJobHandler handler, Task work)
    {
        Log.Abandoned(logger, job.Type, job.Id, options.Grace);
        _ = work.ContinueWith(
            late => Log.AbandonedFailed(logger, late.Exception, job.Type, job.Id),
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        var message = $"It did not stop within {options.Grace.TotalSeconds:0} s of being asked to, and was abandoned; what it still does no longer counts.";
        handler.Abandoned(message);
        return (StopCause)Volatile.Read(ref cause) switch
        {
            StopCause.Cancelled => Verdict.Cancelled(job, time.GetUtcNow(), message),
            StopCause.TimeLimit => verdict.Failed(job, time.GetUtcNow(), new(HasNoTime, $"{TooLong()} {message}"), policy),
            _ => null,
        };
    }

    /// Behind its deadline trying again is pointless. A timer may fire a little before the clock says so, so which limit it was set to counts as well.
    private bool HasNoTime => limitIsDeadline || job.Deadline <= time.GetUtcNow().Milliseconds();

    private TimeSpan? Limit()
    {
        var left = job.Deadline - time.GetUtcNow().Milliseconds() ?? long.MaxValue;
        limitIsDeadline = left < (job.TimeLimit ?? long.MaxValue);
        var most = Math.Min(job.TimeLimit ?? long.MaxValue, left);
        return most == long.MaxValue ? null : TimeSpan.FromMilliseconds(Math.Clamp(most, 0, int.MaxValue));
    }

    private string TooLong() => HasNoTime ? "Its deadline passed before it had ended." : $"It took longer than its limit of {TimeSpan.FromMilliseconds(job.TimeLimit ?? 0)}.";

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Type} {Job} failed in attempt {Attempt}: {Reason}")]
        public static partial void Failed(ILogger logger, Exception? exception, string type, string job, int attempt, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "Job {Type} {Job} ignored cancellation for {Grace} and was abandoned")]
        public static partial void Abandoned(ILogger logger, string type, string job, TimeSpan grace);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The abandoned job {Type} {Job} ended with an error")]
        public static partial void AbandonedFailed(ILogger logger, Exception? exception, string type, string job);
    }
}
