namespace MedicineMan.Sdk;

/// <summary>A failure an operator can act on: the message says what happened, to what, and what to do next. Shown word for word.</summary>
/// <remarks>Never put a secret into the message. Any other exception is shown as its type and message, with the log as remedy.</remarks>
public class UserFacingException : Exception
{
    /// <summary>Creates the failure.</summary>
    public UserFacingException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>True when doing the same again cannot succeed: the job is not retried. Default false.</summary>
    public bool Permanent { get; init; }

    /// <summary>
    /// How long a job that fails with it waits before it is tried again, such as the <c>Retry-After</c> of a service that was asked too often; at most 30 days. Default null: the
    /// host's own pause, longer with each failure. Nothing is tried again after the last attempt, or when <see cref="Permanent"/>.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }
}
