using MedicineMan.Jobs;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Backups;

/// Turns what went wrong into the sentence a person reads, and tells the queue whether doing it again can help.
internal static class Failures
{
    public static string Sentence(Exception failure, CancellationToken cancel) => failure switch
    {
        _ when cancel.IsCancellationRequested => "Cancelled. Nothing was kept of this attempt.",
        UserFacingException known => known.Message,
        AggregateException { InnerExceptions: [var only] } => Sentence(only, cancel),
        _ => $"An unexpected {failure.GetType().Name}: {failure.Message} The log has the details; if it happens again, please report it.",
    };

    /// The same for an attempt that another one follows.
    public static string SentenceBetween(Exception failure, CancellationToken cancel) =>
        cancel.IsCancellationRequested ? "Medicine Man was stopped in the middle of it; it is done again after the next start." : Sentence(failure, cancel);

    /// A broken connection and a storage that may come back are worth another attempt; what an operator must mend is not.
    public static JobFailure Classify(Exception failure) => failure switch
    {
        JobFailedException dead => new JobFailure(true, dead.Message),
        StorageException storage => new JobFailure(!storage.Transient, storage.Message) { Expected = true, RetryAfter = storage.RetryAfter },
        CommandException { Permanent: false } lost => new JobFailure(false, lost.Message) { Expected = true },
        RetryLaterException later => new JobFailure(false, later.Message) { Expected = true, RetryAfter = later.After },
        UserFacingException known => new JobFailure(known.Permanent, known.Message) { Expected = true, RetryAfter = known.RetryAfter },
        _ => new JobFailure(false, Sentence(failure, CancellationToken.None)),
    };
}
