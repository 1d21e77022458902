using System.Collections.Concurrent;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Writing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Files;

/// <summary>Takes folders of this machine into a snapshot: depth first, several files at once, nothing followed that is a link.</summary>
internal sealed class FolderReader(
    StreamFeeder feeder, BlobPipeline pipeline, BackupCounters counters, BlobIndex index, ParentSnapshot? parent, ConcurrentQueue<string> skipped)
    : IDisposable
{
    private const int FilesAtOnce = 4;

    private readonly FileLevels levels = new();
    private readonly FileTurns turns = new(FilesAtOnce);
    private readonly TreeWriter listing = new();

    public void Dispose() => turns.Dispose();

    public async Task Add(string localPath, VirtualTree tree, CancellationToken cancel)
    {
        var full = Path.GetFullPath(localPath);
        try
        {
            await AddFull(full, full.Split('/', StringSplitOptions.RemoveEmptyEntries), tree, cancel);
        }
        catch (PosixException failure)
        {
            throw new UserFacingException($"{failure.Message}. There is nothing to back up at that path.", failure);
        }
    }

    private async Task AddFull(string full, string[] segments, VirtualTree tree, CancellationToken cancel)
    {
        var known = parent is null ? null : await parent.Root(cancel);
        for (var depth = 1; depth < segments.Length; depth++)
        {
            var ancestor = "/" + string.Join('/', segments[..depth]);
            // A link on the way stands for the folder it leads to, or nothing could stand below it.
            tree.Describe(segments[..depth], Describe(segments[depth - 1], ancestor, Posix.Facts(ancestor, follow: true)));
            known = await Enter(known, segments[depth - 1], cancel);
        }

        // The root folder itself has no name to stand under: its entries become the snapshot's.
        foreach (var name in segments.Length == 0 ? Posix.Names("/") : [])
        {
            await AddEntry("/" + name, [name], known, tree, cancel);
        }

        if (segments.Length > 0)
        {
            await AddEntry(full, segments, known, tree, cancel);
        }
    }

    private async Task AddEntry(string path, string[] segments, ParentFolder? known, VirtualTree tree, CancellationToken cancel)
    {
        if (await Node(path, segments[^1], known, cancel) is { } node)
        {
            tree.Add(segments, node);
        }
    }

    private async Task<TreeNode?> Node(string path, string name, ParentFolder? known, CancellationToken cancel)
    {
        var node = Describe(name, path, Posix.Facts(path));
        return node.Type switch
        {
            "dir" => await Folder(path, node, await Enter(known, name, cancel), cancel),
            "file" => await File(path, node, known?.Find(name), cancel),
            _ => node,
        };
    }

    private async Task<TreeNode?> Folder(string path, TreeNode node, ParentFolder? known, CancellationToken cancel)
    {
        List<string> names;
        try
        {
            names = Posix.Names(path);
        }
        catch (PosixException failure)
        {
            skipped.Enqueue(failure.Message);
            return null;
        }

        var entries = new List<Task<TreeNode?>>(names.Count);
        try
        {
            foreach (var name in names)
            {
                entries.Add(await Entry($"{path}/{name}", name, known, cancel));
            }

            await turns.Flush(cancel);
            await Task.WhenAll(entries);
        }
        catch
        {
            // Nothing may still be reading when the session is given up.
            turns.Abandon();
            await Task.WhenAny(Task.WhenAll(entries));
            throw;
        }

        // One for all folders, which are done with one after the other.
        listing.Start();
        foreach (var entry in entries)
        {
            if (await entry is { } child)
            {
                listing.Add(child);
            }
        }

        counters.FolderDone();
        return node with { Subtree = await pipeline.AddTree(listing.Finish(), cancel) };
    }

    // A folder is walked to its end here, so that the walk stays depth first; a file goes on beside the walk.
    private async Task<Task<TreeNode?>> Entry(string path, string name, ParentFolder? known, CancellationToken cancel)
    {
        try
        {
            var node = Describe(name, path, Posix.Facts(path));
            if (node.Type is not "file")
            {
                return Task.FromResult(node.Type is "dir" ? await Folder(path, node, await Enter(known, name, cancel), cancel) : node);
            }

            return await turns.Start(node.Size, () => File(path, node, known?.Find(name), cancel), cancel);
        }
        catch (PosixException failure)
        {
            skipped.Enqueue(failure.Message);
            return Task.FromResult<TreeNode?>(null);
        }
    }

    private async Task<TreeNode?> File(string path, TreeNode node, TreeNode? before, CancellationToken cancel)
    {
        if (before is { Type: "file", Content: { } content } && IsSame(node, before) && content.All(id => index.TryFind(BlobKind.Data, id, out _)))
        {
            counters.FileUnchanged((long)node.Size);
            return node with { Content = content };
        }

        try
        {
            using var handle = Posix.OpenToRead(path);
            var fed = await feeder.FeedFile(handle, (long)node.Size, levels.For(path), cancel);
            counters.FileDone();
            return node with { Size = (ulong)fed.Bytes, Content = await fed.Content.Ids(cancel) };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            skipped.Enqueue(failure.Message);
            return null;
        }
    }

    private static bool IsSame(TreeNode now, TreeNode before) =>
        now.Size == before.Size && now.Modified == before.Modified && now.Changed == before.Changed && now.Inode == before.Inode;

    private static async Task<ParentFolder?> Enter(ParentFolder? folder, string name, CancellationToken cancel) =>
        folder is null ? null : await folder.Enter(name, cancel);

    private static TreeNode Describe(string name, string path, FileFacts facts)
    {
        var (type, mode) = GoMode.FromUnix(facts.Mode);
        return new TreeNode
        {
            Name = name,
            Type = type,
            Mode = mode,
            Modified = facts.Modified.ToUnixTime(),
            // As restic does: reading a file moves its access time, and every folder would be new each time.
            Accessed = facts.Modified.ToUnixTime(),
            Changed = facts.Changed.ToUnixTime(),
            UserId = facts.UserId,
            GroupId = facts.GroupId,
            User = OwnerNames.User(facts.UserId),
            Group = OwnerNames.Group(facts.GroupId),
            Inode = facts.Inode,
            DeviceId = facts.Links > 1 && type is not "dir" ? facts.Device : 0,
            Size = type is "file" ? facts.Size : 0,
            Links = type is "dir" ? 0 : facts.Links,
            LinkTarget = type is "symlink" ? Posix.LinkTarget(path) : null,
            Attributes = type is "socket" ? null : ExtendedAttributes.Of(path),
            Device = type is "dev" or "chardev" ? facts.RawDevice : 0,
            Content = type is "file" ? [] : null,
        };
    }
}
