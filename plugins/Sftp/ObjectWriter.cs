using System.Buffers;
using MedicineMan.Plugins.Sftp.Wire;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.Sftp;

/// <summary>
/// Writes objects: under another name, brought to the server's disk, and then given their own, so that each is there whole or not at all. Nobody but
/// the owner can read what is written.
/// </summary>
internal sealed class ObjectWriter(string root)
{
    // Clients of the repository format know this folder and leave it alone.
    public const string Unfinished = "tmp";

    // The window that OpenSSH's server gives: more would only wait in memory.
    private const int OnTheWay = 2 * 1024 * 1024;

    // Longer than any write takes: such a file is the rest of a crash.
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);
    private static readonly TimeSpan TidyLimit = TimeSpan.FromSeconds(2);

    private readonly ServerFolders folders = new(root);
    private int swept;

    /// <param name="server">The connection.</param>
    /// <param name="target">The object's path.</param>
    /// <returns>False when the name is taken.</returns>
    public async Task<bool> Put(SftpCalls server, string target, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        if (await server.Look(target, cancel) is not null)
        {
            return false;
        }

        var unfinished = $"{root}/{Unfinished}/{Path.GetRandomFileName()}";
        try
        {
            var handle = await folders.With(server, unfinished, () => server.OpenNew(unfinished, cancel), cancel);
            await Write(server, handle, content, cancel);
            await SweepOnce(server, unfinished, cancel);
            if (!await Publish(server, unfinished, target, cancel))
            {
                return false;
            }
        }
        finally
        {
            // Also when the caller has gone. The request is on its way by then, so nobody waits long for a server that is stuck.
            using var limit = new CancellationTokenSource(TidyLimit);
            await Quietly.Done(server.Remove(unfinished, limit.Token));
        }

        await ServerFolders.Flush(server, ServerFolders.ParentOf(target), cancel);
        return true;
    }

    /// <returns>False when there was nothing of that name.</returns>
    public static async Task<bool> Remove(SftpCalls server, string path, CancellationToken cancel)
    {
        try
        {
            await server.Remove(path, cancel);
        }
        catch (SftpStatusException missing) when (missing.Status is SftpStatus.NoSuchFile)
        {
            return false;
        }

        await ServerFolders.Flush(server, ServerFolders.ParentOf(path), cancel);
        return true;
    }

    private static async Task Write(SftpCalls server, byte[] handle, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        try
        {
            await using var pieces = new Pipeline(Math.Max(1, OnTheWay / server.WritePiece), cancel);
            for (var at = 0L; at < content.Length; at += server.WritePiece)
            {
                var (offset, piece) = (at, content.Slice(at, Math.Min(server.WritePiece, content.Length - at)));
                await pieces.Add(either => server.Write(handle, offset, piece, either));
            }

            await pieces.Finish();
        }
        catch
        {
            Quietly.Run(server.Close(handle, CancellationToken.None));
            throw;
        }

        // Some servers, and network disks behind them, say only here that not all could be written.
        await Task.WhenAll(server.Flush(handle, cancel), server.Close(handle, cancel));
    }

    private async Task<bool> Publish(SftpCalls server, string unfinished, string target, CancellationToken cancel)
    {
        // A hard link is never made over a name that is taken: of many writers one wins, as on a local disk.
        if (server.Links && await TryName(server, target, () => server.Link(unfinished, target, cancel), otherwise: true, cancel) is { } linked)
        {
            return linked;
        }

        // Version 3 forbids a rename to overwrite. OpenSSH keeps to it, by a link itself where the disk knows links; some other servers overwrite all the
        // same. So it is looked once more: what is left is two writers of one key in the same moment, and in a repository they write the same bytes.
        return await server.Look(target, cancel) is null && await TryName(server, target, () => server.Rename(unfinished, target, cancel), otherwise: false, cancel) == true;
    }

    /// <returns>False when the name is taken; null when the server can't do it in this way and there is another one.</returns>
    private async Task<bool?> TryName(SftpCalls server, string target, Func<Task> name, bool otherwise, CancellationToken cancel)
    {
        try
        {
            return await folders.With(server, target, async () =>
            {
                await name();
                return true;
            }, cancel);
        }
        catch (SftpStatusException refused)
        {
            // A taken name is told as a plain failure; so are disks without links.
            if (await server.Look(target, cancel) is not null)
            {
                return false;
            }

            if (otherwise && refused.Status is SftpStatus.Failure or SftpStatus.PermissionDenied or SftpStatus.Unsupported)
            {
                return null;
            }

            throw;
        }
    }

    // Ages are taken against the file just written, so that only the server's clock matters.
    private async Task SweepOnce(SftpCalls server, string unfinished, CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref swept, 1) == 1 || await server.Look(unfinished, cancel) is not { } fresh)
        {
            return;
        }

        await foreach (var entry in FolderReader.Read(server, ServerFolders.ParentOf(unfinished), cancel))
        {
            if (entry.Attributes.IsFile && fresh.Modified - entry.Attributes.Modified > LeftoverAge)
            {
                await Quietly.Done(server.Remove($"{ServerFolders.ParentOf(unfinished)}/{entry.Name}", cancel));
            }
        }
    }
}
