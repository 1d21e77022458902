using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.LocalStorage;

/// <summary>What a disk's failure means, and what to do about it.</summary>
internal static class LocalFault
{
    private const int NoSpace = 28;
    private const int ReadOnlyDisk = 30;
    private const int QuotaReached = 122;
    private const int InputOutput = 5;

    public static StorageException Explain(Exception failure, string root, string attempt)
    {
        if (failure is UnauthorizedAccessException)
        {
            // .NET reports a disk mounted read-only in the same way as a missing permission.
            return (failure.InnerException?.HResult ?? 0) == ReadOnlyDisk
                ? new StorageException(ReadOnly(root, attempt), failure)
                : new StorageException($"{root}: no permission to {attempt}. Give the folder to the user {Environment.UserName}, under which Medicine Man runs.", failure);
        }

        return (failure.HResult & 0xFFFF) switch
        {
            NoSpace => new StorageException($"{root}: the disk is full, could not {attempt}. Free some space or move the repository to a larger disk; what is stored already is whole.", failure),
            QuotaReached => new StorageException($"{root}: the disk quota of {Environment.UserName} is reached, could not {attempt}. Raise it or free some space; what is stored already is whole.", failure),
            ReadOnlyDisk => new StorageException(ReadOnly(root, attempt), failure),
            InputOutput => new StorageException($"{root}: the disk reported an error, could not {attempt}. Look at the system's log and at the state of the disk.", failure) { IsDamage = true },
            _ => new StorageException($"{root}: could not {attempt}. {failure.Message}", failure),
        };
    }

    private static string ReadOnly(string root, string attempt) =>
        $"{root}: the disk is mounted read-only, could not {attempt}. Mount it writable; a disk that turned read-only by itself usually has errors.";
}
