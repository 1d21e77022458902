using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Restoring.Targets;

namespace MedicineMan.Repository.Restoring;

/// <summary>Restores one entry that is not a folder: looks at what has its name, leaves it, or makes it what it was.</summary>
internal sealed class EntryWriter(
    BlobReader blobs, RestoreOptions options, Tally tally, Description description, Leftovers leftovers, Action<string> problem)
{
    private readonly HardLinks links = new();
    private readonly ExistingEntry existing = new(blobs, options);
    private readonly FileWriter files = new(blobs, description, options.Verify, tally.Pass);

    public bool Yields(FileFacts there, TreeNode node) => existing.Yields(there, node);

    public async Task Write(FileLot lot, TreeNode node, CancellationToken cancel)
    {
        switch (node.Type)
        {
            case "file":
                await links.Restore(node, [.. lot.Place.Path, node.Name], () => Settle(lot, node, cancel), first => Link(lot, node, first, cancel));
                break;
            case "symlink" or "fifo" or "dev" or "chardev":
                await Settle(lot, node, cancel);
                break;
            // Sockets are made by whoever listens on them.
        }
    }

    // False when something else keeps the name.
    private async Task<bool> Settle(FileLot lot, TreeNode node, CancellationToken cancel)
    {
        var place = lot.Place;
        var folder = options.DryRun ? place.Look() : place.Open();
        var there = folder is null || place.IsNew ? null : folder.Facts(node.Name);
        Differences? known = null;
        if (there is { } facts)
        {
            (var standing, known) = await existing.Judge(folder!, node, facts, cancel);
            if (standing is not Standing.Yields)
            {
                return Leave(folder!, node, facts, standing);
            }
        }

        if (!options.DryRun)
        {
            if (there is { } inTheWay && GoMode.FromUnix(inTheWay.Mode).Type is "dir")
            {
                ClearFolder(place, folder!, node.Name, cancel);
                there = null;
            }

            await Make(lot, folder!, node, there, known, cancel);
        }

        Done(place, node, there is null ? RestoreAction.Restored : RestoreAction.Updated);
        return true;
    }

    private bool Leave(RestoredFolder folder, TreeNode node, FileFacts there, Standing standing)
    {
        var path = folder.PathOf(node.Name);
        if (standing is Standing.InTheWay)
        {
            problem($"{path} exists and was left as it is.");
            return false;
        }

        if (standing is Standing.Right && !options.DryRun && options.Overwrite is not Overwrite.Never && !Description.IsRight(there, node))
        {
            Note(description.Apply(folder, node.Name, node, path));
        }

        tally.Pass((long)node.Size);
        tally.Done(standing is Standing.Right ? RestoreAction.Unchanged : RestoreAction.Kept, path, (long)node.Size, node.Type is "file");
        return standing is Standing.Right;
    }

    private async Task Make(FileLot lot, RestoredFolder folder, TreeNode node, FileFacts? there, Differences? known, CancellationToken cancel)
    {
        if (node.Type is "file")
        {
            var (bytes, left) = await files.Write(lot, node, there, known, cancel);
            tally.Write(bytes);
            Note(left);
            return;
        }

        var unfinished = lot.Place.UnfinishedName(node.Name);
        folder.Remove(unfinished);
        if (node.Type is "symlink")
        {
            folder.Link(unfinished, node.LinkTarget ?? "");
        }
        else
        {
            folder.Node(node, unfinished);
        }

        Note(description.Apply(folder, unfinished, node, folder.PathOf(node.Name)));
        folder.Rename(unfinished, node.Name, replace: there is not null);
    }

    private async Task Link(FileLot lot, TreeNode node, string[] first, CancellationToken cancel)
    {
        if (options.DryRun || !TryLink(lot.Place, node, first))
        {
            await Settle(lot, node, cancel);
        }
    }

    // False when it is for the rules of any other file: something has the name, or the file system knows no second names.
    private bool TryLink(Place place, TreeNode node, string[] first)
    {
        var (folder, root) = (place.Open(), place.Root.Open());
        var home = root.Walk(first.AsSpan(..^1));
        try
        {
            var there = place.IsNew ? null : folder.Facts(node.Name);
            if (there is { } facts)
            {
                var isLinked = home.Facts(first[^1]) is { } target && (target.Inode, target.Device) == (facts.Inode, facts.Device);
                if (isLinked || !existing.Yields(facts, node) || GoMode.FromUnix(facts.Mode).Type is "dir")
                {
                    return isLinked && Leave(folder, node, facts, Standing.Right);
                }
            }

            var unfinished = place.UnfinishedName(node.Name);
            folder.Remove(unfinished);
            folder.LinkTo(home, first[^1], unfinished);
            folder.Rename(unfinished, node.Name, replace: there is not null);
            tally.Pass((long)node.Size);
            Done(place, node, there is null ? RestoreAction.Restored : RestoreAction.Updated);
            return true;
        }
        catch (PosixException failure) when (failure.Error is PosixException.NotPermitted or PosixException.TooManyNames or PosixException.OtherFileSystem)
        {
            return false;
        }
        finally
        {
            if (home != root)
            {
                home.Dispose();
            }
        }
    }

    private void ClearFolder(Place place, RestoredFolder folder, string name, CancellationToken cancel)
    {
        if (!options.Delete || !leftovers.RemoveInTheWay(folder, name, [.. place.Source, name], cancel))
        {
            throw new IOException($"A folder has its name{(options.Delete ? ", and not all of it could be removed" : "; it goes only when what the snapshot does not have is to be removed")}.");
        }
    }

    private void Done(Place place, TreeNode node, RestoreAction action) => tally.Done(action, place.PathOf(node.Name), (long)node.Size, node.Type is "file");

    private void Note(IReadOnlyList<string> left)
    {
        foreach (var one in left)
        {
            problem(one);
        }
    }
}
