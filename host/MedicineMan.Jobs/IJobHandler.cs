using System.Collections.Concurrent;

namespace MedicineMan.Jobs;

/// The code behind a job type. Runs at least once: a run that died half way starts again, so it must be idempotent, or check its lease
/// before each side effect.
public interface IJobHandler
{
    string Type { get; }

    JobPolicy Policy => JobPolicy.Default;

    Task Run(JobRun run, CancellationToken cancel);

    /// A run did not stop in time when it was asked to; what it still does no longer counts.
    void Abandoned(string reason)
    {
    }
}

/// How jobs of a type are treated; what is null is as the worker's options say.
public sealed record JobPolicy
{
    public static JobPolicy Default { get; } = new();

    /// First back-off after a failure; doubled with each failure up to the cap, with jitter.
    public TimeSpan? RetryBase { get; init; }

    public TimeSpan? RetryCap { get; init; }

    /// Whether one that succeeded may be run once more on its own: not when it is a step of something that keeps a record of its own.
    public bool Repeatable { get; init; } = true;

    /// Most starts of this type in a second, on all workers together; 0.1 is one in ten seconds.
    public double? PerSecond { get; init; }
}

/// Who runs which type. Plugins come and go while workers run, so handlers are looked up at each run.
public sealed class JobHandlers
{
    private readonly ConcurrentDictionary<string, IJobHandler> handlers = new(StringComparer.Ordinal);

    public void Register(IJobHandler handler)
    {
        if (!handlers.TryAdd(handler.Type, handler))
        {
            throw new InvalidOperationException($"The job type {handler.Type} already has a handler.");
        }
    }

    /// The types that have a handler here, in their order; those of <see cref="Others"/> are not among them.
    public IReadOnlyList<string> Types => [.. handlers.Keys.Order(StringComparer.Ordinal)];

    public bool Remove(string type) => handlers.TryRemove(type, out _);

    /// Finds the handlers of types that nobody registered, because who runs them comes and goes.
    public Func<string, IJobHandler?>? Others { get; set; }

    public IJobHandler? Find(string type) => handlers.GetValueOrDefault(type) ?? Others?.Invoke(type);
}
