namespace MedicineMan.Jobs;

/// How jobs of a type are treated; what is null is as the worker's options say.
public sealed record JobPolicy
{
    public static JobPolicy Default { get; } = new();

    /// First back-off after a failure; doubled with each failure up to the cap, with jitter.
    public TimeSpan? RetryBase { get; init; }

    public TimeSpan? RetryCap { get; init; }

    /// Most starts of this type in a second, on all workers together; 0.1 is one in ten seconds.
    public double? PerSecond { get; init; }
}

/// A failure that knows when trying again makes sense, such as a "retry after" of somebody who was asked too often.
public sealed class RetryLaterException(TimeSpan after, string message, Exception? inner = null) : Exception(message, inner)
{
    public TimeSpan After => after;
}
