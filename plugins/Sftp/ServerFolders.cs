using MedicineMan.Plugins.Sftp.Wire;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.Sftp;

/// <summary>The folders of a storage on its server. They are made when something is put into them, and never the one the storage is in.</summary>
internal sealed class ServerFolders(string root)
{
    /// <summary>Makes a call for a file, and the folders it is in when they are missing.</summary>
    public async Task<T> With<T>(SftpCalls server, string path, Func<Task<T>> call, CancellationToken cancel)
    {
        try
        {
            return await call();
        }
        catch (SftpStatusException missing) when (missing.Status is SftpStatus.NoSuchFile)
        {
            await Make(server, ParentOf(path), cancel);
            return await call();
        }
    }

    private async Task Make(SftpCalls server, string path, CancellationToken cancel)
    {
        if (await server.Look(path, cancel) is not null)
        {
            return;
        }

        var parent = ParentOf(path);
        if (path != root)
        {
            await Make(server, parent, cancel);
        }
        else if (parent.Length > 0 && await server.Look(parent, cancel) is null)
        {
            throw new StorageException($"{root}: the folder {parent} does not exist on the server. Mount the disk it is on, or create it.");
        }

        try
        {
            await server.MakeFolder(path, cancel);
        }
        catch (SftpStatusException)
        {
            // Another writer may have been faster.
            if (await server.Look(path, cancel) is null)
            {
                throw;
            }
        }

        await Flush(server, parent, cancel);
    }

    /// <summary>
    /// Has the names in a folder survive a power cut. SFTP has nothing for that, but OpenSSH opens a folder as a file, which can be flushed; where that
    /// does not work the server's file system has to be trusted with it.
    /// </summary>
    public static async Task Flush(SftpCalls server, string path, CancellationToken cancel)
    {
        if (!server.Flushes)
        {
            return;
        }

        try
        {
            var handle = await server.OpenToRead(path.Length == 0 ? "/" : path, cancel);
            var flushed = server.Flush(handle, cancel);
            Quietly.Run(server.Close(handle, CancellationToken.None));
            await flushed;
        }
        catch (SftpStatusException)
        {
            // See above.
        }
    }

    public static string ParentOf(string path) => path[..path.LastIndexOf('/')];
}
