namespace MedicineMan.Jobs.Work;

/// Takes jobs for a worker while they are enqueued in its process: nobody need be told of them, and look for them.
internal sealed class Handovers(Claims claims, Crew crew, OutcomeWriter outcomes, JobWorkerOptions options, TimeProvider time, Func<ClaimedJob, Execution> prepare, CancellationToken noMore)
{
    /// Null for a job that is not the next one here, or has no free place.
    public Handover? Take(NewJob job)
    {
        if (!job.IsFree || !claims.IsNext(job.Request.Queue, job.Request.Organization, job.Request.Type, options.Queues))
        {
            return null;
        }

        var now = time.GetUtcNow();
        var execution = prepare(job.Claim(now));
        if (!crew.Expect(execution))
        {
            return null;
        }

        if (noMore.IsCancellationRequested)
        {
            crew.Withdraw(execution);
            return null;
        }

        return new(execution.Job, now + options.Lease, () => crew.Arrive(execution), () => _ = Withdraw(execution));
    }

    /// It was not enqueued, as far as is known. Should it be there after all, it goes back.
    private async Task Withdraw(Execution execution)
    {
        await outcomes.Write(Verdict.Returned(execution.Job, time.GetUtcNow()));
        crew.Withdraw(execution);
    }
}
