using System.Collections.Concurrent;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Sources;
using MedicineMan.Repository.Writing;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Files;

/// <summary>Takes folders of this machine into a snapshot: depth first, several files at once, nothing followed that is a link.</summary>
internal sealed class FolderReader(
    StreamFeeder feeder, BlobPipeline pipeline, BackupCounters counters, BlobIndex index, SourceFilter filter, ConcurrentQueue<string> skipped)
    : IDisposable
{
    private readonly FileLevels levels = new();
    private readonly FileTurns turns = new(filter.Options.FilesAtOnce);
    private readonly FolderListings listings = new(pipeline, counters);

    public void Dispose()
    {
        turns.Dispose();
        listings.Dispose();
    }

    /// <summary>Starts to read what still waits for others: only then do all entries end.</summary>
    public Task Flush(CancellationToken cancel) => turns.Flush(cancel);

    /// <summary>Reads nothing of what still waits.</summary>
    public void Abandon() => turns.Abandon();

    // Comes back when the folder is walked to its end; its listing may then still be made, beside the walk of what follows.
    private async Task<Task<TreeNode?>> Folder(SourceFolder place, string path, TreeNode node, ParentFolder? known, CancellationToken cancel)
    {
        SourceFolder folder;
        List<string> names;
        try
        {
            folder = place.Enter(node.Name, path, out names, out var failure);
            if (failure is not null)
            {
                skipped.Enqueue($"{failure.Message} (what else is in that folder; the rest of it is stored)");
            }
        }
        catch (PosixException failure)
        {
            return Task.FromResult(Skip(path, failure));
        }

        var entries = new List<Task<TreeNode?>>(names.Count);
        try
        {
            foreach (var name in filter.Wanted(path, names))
            {
                entries.Add(await Entry(folder, $"{path}/{name}", name, known, cancel));
            }

            return await listings.Make(node, folder, entries, turns, cancel);
        }
        catch
        {
            // Nothing may still be reading when the session is given up.
            turns.Abandon();
            await Task.WhenAny(Task.WhenAll(entries));
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Takes in a source; null when it is left out.</summary>
    public Task<Task<TreeNode?>> Source(string path, string name, ParentFolder? known, CancellationToken cancel) =>
        Entry(SourceFolder.Nowhere, path, name, known, cancel);

    // A folder is walked to its end here, so that the walk stays depth first; a file goes on beside it.
    private async Task<Task<TreeNode?>> Entry(SourceFolder place, string path, string name, ParentFolder? known, CancellationToken cancel)
    {
        try
        {
            if (filter.LeavesOut(path))
            {
                return Task.FromResult<TreeNode?>(null);
            }

            var facts = place.Facts(name, path);
            if (filter.LeavesOut(path, facts))
            {
                // Whoever named it has to hear of it.
                if (filter.IsNamed(path))
                {
                    skipped.Enqueue($"{path}: a socket holds nothing to store");
                }

                return Task.FromResult<TreeNode?>(null);
            }

            var node = Describe(name, path, facts);
            if (node.Type is not "file")
            {
                return node.Type is "dir" ? await Folder(place, path, node, await Enter(known, name, cancel), cancel) : Task.FromResult<TreeNode?>(node);
            }

            // Nearly all files of most backups: looking here costs less than any hand-over to another thread.
            var before = known?.Find(name);
            return Unchanged(path, node, before) is { } same ? Task.FromResult<TreeNode?>(same) : await turns.Start(node.Size, () => File(place, path, node, before, cancel), cancel);
        }
        catch (PosixException failure)
        {
            return Task.FromResult(Skip(path, failure));
        }
    }

    private TreeNode? Unchanged(string path, TreeNode node, TreeNode? before)
    {
        if (before is not { Type: "file", Content: { } content } || !IsSame(node, before))
        {
            return null;
        }

        for (var i = 0; i < content.Count; i++)
        {
            if (!index.TryFind(BlobKind.Data, content[i], out _))
            {
                return null;
            }
        }

        counters.FileUnchanged((long)node.Size);
        Tell(path, SourceChange.Unchanged);
        return node with { Content = content, Attributes = Attributes(path) };
    }

    private async Task<TreeNode?> File(SourceFolder place, string path, TreeNode node, TreeNode? before, CancellationToken cancel)
    {
        try
        {
            using var handle = place.OpenToRead(node.Name, path);
            var attributes = Attributes(path, handle);
            var level = levels.For(path);
            // What took a small one's place and is no file either can't be read from a place in it, or is too large for that.
            if (await feeder.TryFeedSmall(handle, (long)node.Size, level, cancel) is not var (stored, bytes))
            {
                if (Posix.LengthOfFile(handle, path) is not { } length)
                {
                    skipped.Enqueue($"{path}: was replaced by something that is no plain file while it was backed up");
                    return null;
                }

                (stored, bytes) = await feeder.FeedFile(handle, length, level, cancel);
            }

            counters.FileDone();
            TellRead(path, before);
            return node with { Size = (ulong)bytes, Content = stored, Attributes = attributes };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Skip(path, failure is PosixException ? failure : new IOException($"{path}: {failure.Message}", failure));
        }
    }

    // What went away since its folder was listed is as if the backup had come later, unless somebody named it.
    private TreeNode? Skip(string path, Exception failure)
    {
        if (failure is not PosixException { Error: PosixException.NotFound } || filter.IsNamed(path))
        {
            skipped.Enqueue(failure.Message);
        }

        return null;
    }

    private void TellRead(string path, TreeNode? before)
    {
        if (before is { Type: "file" })
        {
            counters.FileChanged();
        }

        Tell(path, before is { Type: "file" } ? SourceChange.Changed : SourceChange.New);
    }

    private void Tell(string path, SourceChange change) => filter.Options.Each?.Invoke(new SourceItem(path, change));

    // Programs can set a modification time; the change time tells on them.
    private bool IsSame(TreeNode now, TreeNode before) =>
        now.Size == before.Size && now.Modified == before.Modified
        && (filter.Options.IgnoreChangeTime || filter.Options.IgnoreInode || now.Changed == before.Changed)
        && (filter.Options.IgnoreInode || now.Inode == before.Inode);

    public static async Task<ParentFolder?> Enter(ParentFolder? folder, string name, CancellationToken cancel) =>
        folder is null ? null : await folder.Enter(name, cancel);

    public TreeNode Describe(string name, string path, FileFacts facts, bool isOnTheWay = false)
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
            // Those of a file are read when it is open.
            Attributes = type is "file" ? null : Attributes(path, isOnTheWay: isOnTheWay),
            Device = type is "dev" or "chardev" ? facts.RawDevice : 0,
            Content = type is "file" ? [] : null,
        };
    }

    // A file is more than its attributes: it is kept without those that can't be read, and the backup is incomplete.
    private IReadOnlyList<ExtendedAttribute>? Attributes(string path, SafeFileHandle? file = null, bool isOnTheWay = false)
    {
        try
        {
            return file is null ? ExtendedAttributes.Of(path) : ExtendedAttributes.Of(file, path);
        }
        catch (PosixException failure) when (failure.Error != PosixException.NotFound)
        {
            if (!isOnTheWay)
            {
                skipped.Enqueue($"{failure.Message} (its extended attributes; the rest of it is stored)");
            }

            return null;
        }
    }
}
