using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Ending;

/// Decides what becomes of a job when an attempt ends: the one place that knows retries, back-off and death.
internal sealed class Verdict(JobWorkerOptions options)
{
    public const string ReturnedResult = "returned";

    private const int MostErrorLength = 8_000;
    private static readonly TimeSpan MostAskedWait = TimeSpan.FromDays(30);

    public static Outcome Succeeded(ClaimedJob job, DateTimeOffset now) => End(job, now, JobState.Succeeded, "succeeded", null);

    public static Outcome Cancelled(ClaimedJob job, DateTimeOffset now, string? message) => End(job, now, JobState.Cancelled, "cancelled", message);

    /// The worker was stopped in good order; that is not the job's fault.
    public static Outcome Interrupted(ClaimedJob job, DateTimeOffset now) =>
        Again(job, now, TimeSpan.Zero, job.Failures, "interrupted", "The worker was stopped; the job goes on with the next one.");

    /// The worker was stopped before it could start the job.
    public static Outcome Returned(ClaimedJob job, DateTimeOffset now) => Interrupted(job, now) with { Result = ReturnedResult };

    public Outcome Failed(ClaimedJob job, DateTimeOffset now, JobFailure failure, JobPolicy policy)
    {
        var failures = job.Failures + 1;
        return RunsAgain(job, failure.Permanent)
            ? Again(job, now, Wait(failure.RetryAfter) ?? Backoff(failures, policy), failures, "failed", failure.Message)
            : End(job, now, JobState.Dead, "failed", failure.Message) with { Fails = failures };
    }

    public static bool RunsAgain(ClaimedJob job, bool permanent) => !permanent && job.Failures + 1 < job.MaxAttempts;

    /// Nobody here can run the type; the job waits until somebody can, however long that takes.
    public Outcome Unknown(ClaimedJob job, DateTimeOffset now) =>
        Again(job, now, Backoff(job.Attempt, JobPolicy.Default), job.Failures, "failed",
            $"Nothing here runs jobs of the type {job.Type}. Enable the plugin that brings it; the job is kept and tried again.");

    /// The worker died in the middle. The first crash costs no more time than it took to notice; a job whose workers die again and again is what kills them, and is kept from the rest.
    public Outcome Lost(ClaimedJob job, DateTimeOffset now)
    {
        const string message = "The worker died while it ran this job, or lost touch with the database for longer than its lease.";
        var (failures, crashes) = (job.Failures + 1, job.Crashes + 1);
        if (crashes >= options.MostCrashes)
        {
            return End(job, now, JobState.Dead, "lost", $"{message} That happened {crashes} times in a row, so it is not tried again by itself.") with { Fails = failures, Crashed = crashes };
        }

        return failures >= job.MaxAttempts
            ? End(job, now, JobState.Dead, "lost", message) with { Fails = failures, Crashed = crashes }
            : Again(job, now, failures == 1 ? TimeSpan.Zero : Backoff(failures, JobPolicy.Default), failures, "lost", message) with { Crashed = crashes };
    }

    /// What somebody else asked for, within reason.
    private static TimeSpan? Wait(TimeSpan? asked) => asked is { } time ? TimeSpan.FromTicks(Math.Clamp(time.Ticks, 0, MostAskedWait.Ticks)) : null;

    private TimeSpan Backoff(int failures, JobPolicy policy)
    {
        var (first, most) = (policy.RetryBase ?? options.RetryBase, policy.RetryCap ?? options.RetryCap);
        var full = Math.Min(most.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30)));

        // Jitter, so that what failed together does not come back together.
        return TimeSpan.FromMilliseconds(full * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    private static Outcome End(ClaimedJob job, DateTimeOffset now, JobState state, string result, string? message) =>
        Again(job, now, TimeSpan.Zero, job.Failures, result, message) with
        {
            NextState = state.Stored(), Ended = now.Milliseconds(), Sign = state == JobState.Dead && message is not null ? ErrorSignature.Of(message) : null,
        };

    private static Outcome Again(ClaimedJob job, DateTimeOffset now, TimeSpan delay, int failures, string result, string? message) => new(job)
    {
        NextState = (delay > TimeSpan.Zero ? JobState.Retrying : JobState.Ready).Stored(),
        Due = (now + delay).Milliseconds(),
        Fails = failures,
        Started = job.StartedAt ?? now.Milliseconds(),
        Finished = now.Milliseconds(),
        Result = result,
        Message = message is null ? null : JobText.Clean(message, MostErrorLength),
    };
}
