using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Testing.Hosting;

namespace MedicineMan.Sdk.Testing.Lent;

/// <summary>A queue that keeps what is put into it until the test has it run.</summary>
public sealed class RecordedJobs : IJobs
{
    private readonly List<EnqueuedJob> waiting = [];
    private readonly Dictionary<string, OpenGroup> groups = [];
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
        var json = Registered(job).Write(job, arguments, typeof(TArguments));
        var wanted = options ?? new JobOptions();
        lock (waiting)
        {
            return ValueTask.FromResult(wanted.UniqueKey is { } key && waiting.Find(one => one.Options.UniqueKey == key) is { } same ? same.Id : Add(job, json, wanted, null));
        }
    }

    /// <inheritdoc/>
    public ValueTask<string> EnqueueGroupAsync(JobGroup group, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(group);
        cancel.ThrowIfCancellationRequested();
        Grant?.Need("jobs");
        var jobs = group.Jobs.Select(job => (Of: job, Json: Write(job))).ToList();
        var next = group.Continuation is null ? null : Write(group.Continuation);
        lock (waiting)
        {
            var id = $"group-{++last}";
            groups[id] = new OpenGroup(group, next) { Open = jobs.Count };
            jobs.ForEach(job => Add(job.Of.Job, job.Json, job.Of.Options, id));
            return ValueTask.FromResult(id);
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

    /// <summary>A job that was taken has ended: what follows the last of its group waits now.</summary>
    internal void Ended(EnqueuedJob job, bool failed)
    {
        lock (waiting)
        {
            if (job.Group is null || groups.GetValueOrDefault(job.Group) is not { } group)
            {
                return;
            }

            group.Failed |= failed;
            if (--group.Open == 0 && group.Of.Continuation is { } next && !(group.Failed && group.Of.OnlyAfterSuccess))
            {
                Add(next.Job, group.Next!, next.Options, null);
            }
        }
    }

    private string Add(string job, string json, JobOptions? options, string? group)
    {
        waiting.Add(new EnqueuedJob($"{++last}", job, json, options ?? new JobOptions()) { Group = group });
        return waiting[^1].Id;
    }

    private string Write(GroupedJob job) => Registered(job.Job).Write(job.Job, job.Arguments, job.Arguments.GetType());

    private TestJob Registered(string job) => (Find ?? throw new InvalidOperationException("The queue belongs to no host: start one with PluginTestHost.StartAsync."))(job);

    private sealed record OpenGroup(JobGroup Of, string? Next)
    {
        public int Open { get; set; }

        public bool Failed { get; set; }
    }
}

/// <summary>A job in the queue.</summary>
/// <param name="Id">The queue's own.</param>
/// <param name="Job">Id of the job in the manifest.</param>
/// <param name="Arguments">As JSON.</param>
/// <param name="Options">How it was enqueued. Delay, priority and deadline are kept for the test to see; the queue itself runs in order.</param>
public sealed record EnqueuedJob(string Id, string Job, string Arguments, JobOptions Options)
{
    /// <summary>Id of the group it was enqueued with; null for none.</summary>
    public string? Group { get; init; }
}
