namespace MedicineMan.Jobs;

/// How a worker works. The defaults suit a single node.
public sealed record JobWorkerOptions
{
    /// Jobs run at the same time. With 0 the node only listens, promotes and reaps.
    public int Concurrency { get; init; } = 8;

    /// The queues it runs jobs of; null for all.
    public IReadOnlyCollection<string>? Queues { get; init; }

    /// On PostgreSQL, goes by the database's clock and not by this machine's.
    public bool DatabaseClock { get; init; } = true;

    /// What people read beside its name.
    public string Version { get; init; } = "";

    /// How often ended jobs that are too old are looked for.
    public TimeSpan PruneInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// Most jobs it holds beyond those it runs, ready to start. It takes that many only while jobs take milliseconds.
    public int Reserve { get; init; } = 1000;

    /// How long a job belongs to its worker without a sign of life, and so how long others wait before they take it over. A database that is away for longer takes no job from
    /// anybody: when it is back, workers renew before others look.
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    /// How often a worker that runs jobs gives a sign of life.
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(5);

    /// How often a worker says what it is doing, for people to see, also when that is nothing.
    public TimeSpan Report { get; init; } = TimeSpan.FromSeconds(10);

    /// The safety net under signals; also how often due and expired rows are looked for.
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// How long a handler may take to heed cancellation before it is abandoned.
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// How long a stopping worker lets running jobs finish before it interrupts them.
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(10);

    /// How long a stopping worker waits for interrupted handlers; the jobs of those that do not stop stay leased until they are taken over.
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// Least time between two writes of a run's progress and log.
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// First back-off; doubled with each failure up to the cap, with jitter.
    public TimeSpan RetryBase { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan RetryCap { get; init; } = TimeSpan.FromMinutes(15);

    /// Times in a row that a worker may die with a job before that is taken for the reason, and the job is dead.
    public int MostCrashes { get; init; } = 2;

    /// How long a job whose worker died is the only such one in its worker when it runs again: long enough to show whether it is the reason.
    public TimeSpan Suspicion { get; init; } = TimeSpan.FromSeconds(30);

    /// Log lines kept of one attempt.
    public int LogLines { get; init; } = 10_000;

    /// File that holds this node's name, locked while the worker runs. A worker that comes back under the same name takes its own jobs up
    /// again at once instead of waiting for the leases to run out. Without it every start is a new node.
    public string? NodeFile { get; init; }

    /// How long ended jobs are kept, by the class they were enqueued with. Dead ones are kept three times as long.
    public TimeSpan KeepBrief { get; init; } = TimeSpan.FromDays(1);

    public TimeSpan KeepNormal { get; init; } = TimeSpan.FromDays(30);

    public TimeSpan KeepLasting { get; init; } = TimeSpan.FromDays(400);

    /// Tells permanent failures from others, and words them.
    public Func<Exception, JobFailure> Classify { get; init; } = JobFailure.From;
}
