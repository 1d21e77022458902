using MedicineMan.Plugins.Sftp.Wire;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.Sftp;

/// <summary>What a server's refusal means, and what to do about it. Version 3 has one status for nearly everything, so the reason is looked for.</summary>
internal static class SftpFault
{
    /// <param name="writing">Bytes that were to be written.</param>
    public static async Task<StorageException> Explain(SftpStatusException refused, SftpCalls server, SftpSettings target, string attempt, long writing, CancellationToken cancel)
    {
        var location = target.Location;
        return refused.Status switch
        {
            SftpStatus.PermissionDenied => new StorageException($"{location}: no permission to {attempt}. Give the folder to the user {target.User} on {target.Host}.", refused),
            SftpStatus.NoSuchFile => new StorageException($"{location}: could not {attempt}: there is no such file or folder. Check the folder.", refused),
            SftpStatus.NoConnection or SftpStatus.ConnectionLost => new StorageException($"{location}: could not {attempt}. {refused.Said}.", refused) { Transient = true },
            _ when writing > 0 && await Room(server, target.Path, cancel) is var (free, readOnly) && (readOnly || free < writing) => new StorageException(
                readOnly ? $"{location}: the disk is mounted read-only, could not {attempt}. Mount it writable; a disk that turned read-only by itself usually has errors."
                : $"{location}: the disk is full, could not {attempt}. Free some space or move the repository to a larger disk; what is stored already is whole.", refused),
            _ => new StorageException($"{location}: could not {attempt}. The server answered: {refused.Said}.{(writing > 0 ? " A full disk, a quota or a read-only disk are told like that; look there." : "")}", refused),
        };
    }

    private static async Task<(long Free, bool ReadOnly)?> Room(SftpCalls server, string path, CancellationToken cancel)
    {
        try
        {
            return await server.Room(path, cancel);
        }
        catch (SftpStatusException)
        {
            return null;
        }
    }
}
