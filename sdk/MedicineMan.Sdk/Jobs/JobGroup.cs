namespace MedicineMan.Sdk.Jobs;

/// <summary>Jobs of the plugin that belong together, and what follows when the last of them has ended.</summary>
/// <param name="Title">What a person reads above them, such as "Measure all servers".</param>
/// <param name="Jobs">1 to <see cref="MostJobs"/>, of one kind or of several, without unique keys.</param>
/// <exception cref="ArgumentException">No title, no job, too many, or one with a unique key: the job that has it already would not count for the group.</exception>
public sealed record JobGroup(string Title, IReadOnlyList<GroupedJob> Jobs)
{
    /// <summary>The most jobs a group has.</summary>
    public const int MostJobs = 10_000;

    /// <summary>What a person reads above them.</summary>
    public string Title { get; } = string.IsNullOrWhiteSpace(Title) ? throw new ArgumentException("A group needs a title.", nameof(Title)) : Title;

    /// <summary>The jobs.</summary>
    public IReadOnlyList<GroupedJob> Jobs { get; } = Checked(Jobs);

    /// <summary>Enqueued once, when all of them have ended; its delay counts from when the group is enqueued. Null for nothing.</summary>
    public GroupedJob? Continuation { get; init; }

    /// <summary>
    /// Whether <see cref="Continuation"/> waits for all of them to succeed, which is the default: after one that failed for good or was cancelled it follows only
    /// when a person runs that one again with success. Otherwise it follows however they ended.
    /// </summary>
    public bool OnlyAfterSuccess { get; init; } = true;

    private static IReadOnlyList<GroupedJob> Checked(IReadOnlyList<GroupedJob> jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return jobs.Count is 0 or > MostJobs ? throw new ArgumentException($"A group has 1 to {MostJobs:N0} jobs, not {jobs.Count:N0}.", nameof(jobs))
            : jobs.Any(job => job.Options?.UniqueKey is not null) ? throw new ArgumentException("A job of a group has no unique key: the job that has it already would not count for the group.", nameof(jobs))
            : jobs;
    }
}

/// <summary>A job of a group.</summary>
/// <param name="Job">Its id.</param>
/// <param name="Arguments">Of the type the job was registered with.</param>
/// <param name="Options">Null for a job that may start now.</param>
public sealed record GroupedJob(string Job, object Arguments, JobOptions? Options = null);
