using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Testing.Hosting;

namespace MedicineMan.Sdk.Testing.Lent;

/// <summary>A queue that keeps what is put into it until the test has it run.</summary>
public sealed class RecordedJobs : IJobs
{
    private readonly List<EnqueuedJob> waiting = [];
    private int last;

    internal Grant? Grant { get; set; }

    /// <summary>Writes a job's arguments as JSON; set by the host, which knows the registered jobs.</summary>
    internal Func<string, TestJob>? Find { get; set; }

    /// <summary>What waits, oldest first.</summary>
    public IReadOnlyList<EnqueuedJob> Waiting
    {
        get
        {
            lock (waiting)
            {
                return [.. waiting];
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<string> EnqueueAsync<TArguments>(string job, TArguments arguments, JobOptions? options, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Grant?.Need("jobs");
        var registered = Find ?? throw new InvalidOperationException("The queue belongs to no host: start one with PluginTestHost.StartAsync.");
        var json = registered(job).Write(job, arguments);
        var wanted = options ?? new JobOptions();
        lock (waiting)
        {
            if (wanted.UniqueKey is { } key && waiting.Find(one => one.Options.UniqueKey == key) is { } same)
            {
                return ValueTask.FromResult(same.Id);
            }

            var enqueued = new EnqueuedJob($"{++last}", job, json, wanted);
            waiting.Add(enqueued);
            return ValueTask.FromResult(enqueued.Id);
        }
    }

    internal EnqueuedJob? Take()
    {
        lock (waiting)
        {
            if (waiting.Count == 0)
            {
                return null;
            }

            var first = waiting[0];
            waiting.RemoveAt(0);
            return first;
        }
    }
}

/// <summary>A job in the queue.</summary>
/// <param name="Id">The queue's own.</param>
/// <param name="Job">Id of the job in the manifest.</param>
/// <param name="Arguments">As JSON.</param>
/// <param name="Options">How it was enqueued. Delay, priority and deadline are kept for the test to see; the queue itself runs in order.</param>
public sealed record EnqueuedJob(string Id, string Job, string Arguments, JobOptions Options);
