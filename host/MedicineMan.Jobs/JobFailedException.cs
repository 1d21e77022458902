namespace MedicineMan.Jobs;

/// A failure that doing the same again cannot mend: the job is dead at once, with this message.
public sealed class JobFailedException : Exception
{
    public JobFailedException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// A failure that knows when trying again makes sense, such as a "retry after" of somebody who was asked too often.
public sealed class RetryLaterException(TimeSpan after, string message, Exception? inner = null) : Exception(message, inner)
{
    public TimeSpan After => after;
}

/// What a handler's exception means: whether trying again is pointless, and the sentence people read.
public sealed record JobFailure(bool Permanent, string Message)
{
    /// True for a failure that its message explains in full: the log then needs no stack.
    public bool Expected { get; init; }

    /// When the next try makes sense, if somebody said so; else the pause grows with each failure.
    public TimeSpan? RetryAfter { get; init; }

    /// The message, and below it a line for each cause behind the exception that says something new. What failures of a kind have in common is the first line.
    internal JobFailure WithCauses(Exception exception)
    {
        const int most = 8;
        var message = Message;
        for (var (cause, depth) = (exception.InnerException, 0); cause is not null && depth < most; (cause, depth) = (cause.InnerException, depth + 1))
        {
            message = message.Contains(cause.Message, StringComparison.Ordinal) ? message : $"{message}\nCaused by {cause.GetType().Name}: {cause.Message.ReplaceLineEndings(" ")}";
        }

        return this with { Message = message };
    }

    public static JobFailure From(Exception exception) => exception switch
    {
        JobFailedException => new(true, exception.Message),
        RetryLaterException later => new(false, exception.Message) { RetryAfter = later.After },
        _ => new(false, $"{exception.GetType().Name}: {exception.Message}"),
    };
}

/// This run's lease is gone: another worker has the job, or it was cancelled or given up. Stop at once; the result is discarded.
public sealed class LeaseLostException(string job)
    : OperationCanceledException($"The lease on job {job} is gone; this run must not act any more.");
