namespace MedicineMan.Sdk.Storage;

/// <summary>A storage that refused or failed. The message names the storage, the object and what to do.</summary>
public class StorageException : UserFacingException
{
    /// <summary>Creates the failure.</summary>
    public StorageException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>True when the same call may succeed later: a time-out, a reset, a 503. A full disk is not transient.</summary>
    public bool Transient { get; init; }
}

/// <summary>The object is not there.</summary>
public sealed class StorageObjectMissingException(string key, string location)
    : StorageException($"{location} has no object {key}.")
{
    /// <summary>The key that was asked for.</summary>
    public string Key { get; } = key;
}
