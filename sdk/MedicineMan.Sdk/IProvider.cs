namespace MedicineMan.Sdk;

/// <summary>Anything that does a job for the host under a name an operator can choose: backup, storage, scanner, notifier, cloud, directory, health check.</summary>
/// <remarks>
/// A provider is created once per load by the plugin's container and used from many threads at once.
/// It throws; the host catches, records the fault and shows the message.
/// </remarks>
public interface IProvider
{
    /// <summary>The name an operator reads, for instance "PostgreSQL".</summary>
    string DisplayName { get; }
}
