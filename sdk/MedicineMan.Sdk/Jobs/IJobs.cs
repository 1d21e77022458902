namespace MedicineMan.Sdk.Jobs;

/// <summary>Puts the plugin's own jobs into the host's durable queue. Needs the capability <c>jobs</c>.</summary>
public interface IJobs
{
    /// <summary>Enqueues a job that the plugin registered.</summary>
    /// <typeparam name="TArguments">The type the job was registered with.</typeparam>
    /// <param name="job">Its id.</param>
    /// <param name="arguments">Stored as JSON by the type information of the registration.</param>
    /// <param name="uniqueKey">While a job with this key waits or runs, no second one is made; null for none.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The id of the job, or of the one that has the key.</returns>
    ValueTask<string> EnqueueAsync<TArguments>(string job, TArguments arguments, string? uniqueKey, CancellationToken cancel);
}
