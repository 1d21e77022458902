namespace MedicineMan.Jobs.Faults.Tests;

/// What a test of one worker asks for and waits for.
internal static class Supervision
{
    public static Task<string> Ask(this Storm storm, string type, Func<JobRequest, JobRequest>? with = null)
    {
        var request = new JobRequest(Storm.Org, type, "{}");
        return storm.Database.Write(transaction => storm.Queue.Enqueue(transaction, with?.Invoke(request) ?? request, default), default);
    }

    public static async Task Neighbours(this Storm storm, int count)
    {
        for (var job = 0; job < count; job++)
        {
            await storm.Ask("effect");
        }
    }

    /// Until so many well-behaved jobs have succeeded.
    public static Task Ended(this Storm storm, int count, TimeSpan patience) => Storm.Until(
        async () => await storm.Database.Query<long>("select count(*) from jobs where type = 'effect' and state = 'succeeded'") == count, patience, "The well-behaved jobs are not done.");

    public static async Task<JobRow> Is(this Storm storm, string id, Func<JobRow, bool> condition, int seconds = 30)
    {
        JobRow? job = null;
        for (var end = DateTime.UtcNow.AddSeconds(seconds); job is null || !condition(job); await Task.Delay(50))
        {
            if (DateTime.UtcNow > end)
            {
                Assert.Fail($"Waited {seconds} s for a job that is still {job}. {storm.Workers[0]}");
            }

            job = await storm.Queue.Find(Storm.Org, id, default);
        }

        return job;
    }

    /// As a service supervisor does. Returns how often.
    public static async Task<int> StartAgainWhenDead(this Storm storm, CancellationToken over)
    {
        var deaths = 0;
        for (; !over.IsCancellationRequested; await Task.Delay(50, CancellationToken.None))
        {
            foreach (var worker in storm.Workers.Where(worker => worker.HasDied))
            {
                deaths++;
                worker.Start();
            }
        }

        return deaths;
    }

    public static async Task RetryDead(this Storm storm, string except)
    {
        while (await storm.Database.Query<string?>("select id from jobs where state = 'dead' and id <> @except limit 1", new { except }) is { } id)
        {
            Assert.True(await storm.Database.Write(transaction => storm.Queue.Retry(transaction, Storm.Org, id, default), default));
        }
    }
}
