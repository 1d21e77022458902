using System.Runtime.CompilerServices;
using MedicineMan.Plugins.Sftp.Wire;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.Sftp;

/// <summary>Reads what lies in one folder. A missing folder is empty.</summary>
internal static class FolderReader
{
    public static async IAsyncEnumerable<SftpEntry> Read(SftpCalls server, string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (await Open(server, path, cancel) is not { } handle)
        {
            yield break;
        }

        try
        {
            while (await server.ReadFolder(handle, cancel) is { Count: > 0 } entries)
            {
                foreach (var entry in entries.Where(entry => entry.Name is not ("." or "..") && !entry.Name.Contains('/', StringComparison.Ordinal)))
                {
                    // Files that are not listed would be taken for lost.
                    yield return entry.Attributes.Mode is null
                        ? throw new StorageException($"The server lists {path}/{Plain.Text(entry.Name)} without saying whether it is a file. Use a server that does.")
                        : entry;
                }
            }
        }
        finally
        {
            Quietly.Run(server.Close(handle, CancellationToken.None));
        }
    }

    private static async Task<byte[]?> Open(SftpCalls server, string path, CancellationToken cancel)
    {
        try
        {
            return await server.OpenFolder(path, cancel);
        }
        catch (SftpStatusException missing) when (missing.Status is SftpStatus.NoSuchFile)
        {
            return null;
        }
    }
}
