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

    /// <summary>
    /// True when what was asked for can't be had by anybody: it is cut short, or lies where the disk is broken. A missing permission, a full disk or a
    /// server that refuses is no damage. A repair counts as lost only what is damaged, and stops at any other refusal.
    /// </summary>
    public bool IsDamage { get; init; }
}

/// <summary>The object is not there.</summary>
public sealed class StorageObjectMissingException : StorageException
{
    /// <summary>Creates the failure.</summary>
    public StorageObjectMissingException(string key, string location)
        : base($"{location} has no object {key}.") => (Key, IsDamage) = (key, true);

    /// <summary>The key that was asked for.</summary>
    public string Key { get; }
}
