using System.Collections.Concurrent;
using System.Diagnostics;
using MedicineMan.Jobs;

namespace MedicineMan.Benchmarks.Jobs;

/// <summary>Does nothing, and says when it did: after so many runs, and for the jobs of one organisation at which moment.</summary>
internal sealed class Noop(int expected, string? watched = null) : IJobHandler
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<long>> starts = new(StringComparer.Ordinal);
    private int runs;

    public string Type => "noop";

    public Task Done => done.Task;

    /// <summary>The timestamp of a watched job's first run.</summary>
    public Task<long> Start(string id) => Of(id).Task;

    public Task Run(JobRun run, CancellationToken cancel)
    {
        if (watched is null || run.Organization != watched)
        {
            if (Interlocked.Increment(ref runs) == expected)
            {
                done.SetResult();
            }
        }
        else
        {
            Of(run.Id).TrySetResult(Stopwatch.GetTimestamp());
        }

        return Task.CompletedTask;
    }

    private TaskCompletionSource<long> Of(string id) => starts.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
