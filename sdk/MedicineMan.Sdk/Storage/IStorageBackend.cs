using System.Buffers;

namespace MedicineMan.Sdk.Storage;

/// <summary>A flat store of immutable objects under keys such as <c>data/ab/abcd…</c>. Safe for concurrent use.</summary>
/// <remarks>
/// Once <see cref="PutAsync"/> has returned, the object survives a power cut and every later call sees it. An object is seen whole or not at all.
/// Transient failures throw <see cref="StorageException"/> with <see cref="StorageException.Transient"/>; the caller retries with back-off.
/// </remarks>
public interface IStorageBackend : IAsyncDisposable
{
    /// <summary>What this storage is, for messages: a path, a bucket. No secrets.</summary>
    string Location { get; }

    /// <summary>Stores an object if its key is free.</summary>
    /// <param name="key">Lower-case letters, digits, <c>-</c>, <c>_</c>, <c>.</c>, segments parted by <c>/</c>.</param>
    /// <param name="content">All of it: objects are packs of a bounded size, and a retry needs the bytes again.</param>
    /// <param name="cancel">Leaves either the whole object or none.</param>
    /// <returns>False when the key was taken: nothing was written.</returns>
    Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel);

    /// <summary>Fills the buffer from the object's bytes at the offset. Fewer bytes than asked for is a <see cref="StorageException"/> with <see cref="StorageException.IsDamage"/>.</summary>
    /// <exception cref="StorageObjectMissingException">No such object.</exception>
    Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel);

    /// <summary>Lists the objects whose key starts with the prefix, in no order. A missing folder is an empty list.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancel);

    /// <summary>Removes an object.</summary>
    /// <returns>False when it was not there.</returns>
    Task<bool> DeleteAsync(string key, CancellationToken cancel);
}

/// <summary>An object in a listing.</summary>
/// <param name="Key">Full key.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Modified">By the storage's clock.</param>
public readonly record struct StoredObject(string Key, long Length, DateTimeOffset Modified);
