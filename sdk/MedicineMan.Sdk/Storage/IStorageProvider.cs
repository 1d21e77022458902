using System.Text.Json;

namespace MedicineMan.Sdk.Storage;

/// <summary>A kind of place for backups: opens a storage from the settings an operator entered.</summary>
public interface IStorageProvider : IProvider
{
    /// <summary>Opens the storage. May touch nothing: reachability is found out by the first call on it.</summary>
    /// <remarks>Secrets that the settings hold handles of open during this call alone, unless they are the plugin's own.</remarks>
    /// <param name="settings">The object the settings form produced, for instance <c>{"path": "/var/backups"}</c>.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="UserFacingException">Settings are missing or wrong; the message names them all.</exception>
    ValueTask<IStorageBackend> OpenAsync(JsonElement settings, CancellationToken cancel);
}
