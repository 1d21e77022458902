namespace MedicineMan.Sdk.Jobs;

/// <summary>Puts the plugin's own jobs into the host's durable queue. Needs the capability <c>jobs</c>.</summary>
public interface IJobs
{
    /// <summary>Enqueues a job that the plugin registered.</summary>
    /// <typeparam name="TArguments">The type the job was registered with.</typeparam>
    /// <param name="job">Its id.</param>
    /// <param name="arguments">Stored as JSON by the type information of the registration.</param>
    /// <param name="options">Null for a job that may start now.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The id of the job, or of the one that has its unique key.</returns>
    /// <exception cref="ArgumentException">Arguments of another type, or a deadline before the start.</exception>
    ValueTask<string> EnqueueAsync<TArguments>(string job, TArguments arguments, JobOptions? options, CancellationToken cancel);

    /// <summary>Enqueues jobs that belong together, all of them or none. A job's page shows how far its group is.</summary>
    /// <param name="group">The jobs, and what follows them.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The id of the group.</returns>
    /// <exception cref="ArgumentException">Arguments of another type, or a deadline before the start.</exception>
    ValueTask<string> EnqueueGroupAsync(JobGroup group, CancellationToken cancel);
}
