using System.Collections.Concurrent;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Files;

/// <summary>Restores a part of a snapshot into a folder of this machine. What can't be restored is named; everything else is.</summary>
internal sealed class FolderWriter(BlobReader blobs, RestoreOptions options, IProgress<long>? progress)
{
    private const int FilesAtOnce = 4;

    private readonly ConcurrentQueue<string> problems = new();
    private readonly HardLinks links = new();
    private long files;
    private long written;

    public async Task<RestoreReport> Restore(TreeNode node, CancellationToken cancel)
    {
        using var target = RestoredFolder.OpenTarget(Path.GetFullPath(options.Target));
        if (node.Name == "/")
        {
            await Fill(new Place(target, target, []), node.Subtree!.Value, cancel);
        }
        else
        {
            await Entry(new Place(target, target, []), node, cancel);
        }

        return new RestoreReport(Interlocked.Read(ref files), Interlocked.Read(ref written), [.. problems]);
    }

    private async Task Fill(Place place, ObjectId tree, CancellationToken cancel)
    {
        var nodes = await blobs.Entries(tree, cancel);
        var inParallel = new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancel };
        await Parallel.ForEachAsync(nodes.Where(node => node.Type is not "dir"), inParallel, async (node, token) => await Entry(place, node, token));
        foreach (var node in nodes.Where(node => node.Type is "dir"))
        {
            await Entry(place, node, cancel);
        }
    }

    private async Task Entry(Place place, TreeNode node, CancellationToken cancel)
    {
        var folder = place.Folder;
        if (!FileName.IsPlain(node.Name))
        {
            problems.Enqueue($"{folder.PathOf(node.Name)} was refused: a name in the snapshot leads out of its folder.");
            return;
        }

        try
        {
            if (await Create(place, node, cancel))
            {
                foreach (var problem in folder.Describe(node, node.Name))
                {
                    problems.Enqueue(problem);
                }
            }
        }
        catch (PosixException failure) when (failure.Error == PosixException.Exists)
        {
            problems.Enqueue($"{folder.PathOf(node.Name)} exists and was left as it is.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            problems.Enqueue($"{folder.PathOf(node.Name)} was not restored. {failure.Message}");
        }
        catch (DamagedException failure)
        {
            problems.Enqueue($"{folder.PathOf(node.Name)} was not restored. {failure.Message}");
        }
    }

    private async Task<bool> Create(Place place, TreeNode node, CancellationToken cancel)
    {
        var folder = place.Folder;
        if (options.Replace && node.Type is not "dir")
        {
            folder.Remove(node.Name);
        }

        switch (node.Type)
        {
            case "dir" when node.Subtree is { } tree:
                using (var child = folder.Enter(node.Name))
                {
                    await Fill(new Place(place.Target, child, [.. place.Path, node.Name]), tree, cancel);
                }

                return true;
            case "file":
                await links.Restore(node, [.. place.Path, node.Name], () => WriteFile(folder, node, cancel), first => LinkFile(place, node, first));
                return true;
            case "symlink":
                folder.Link(node.Name, node.LinkTarget ?? "");
                return true;
            case "fifo" or "dev" or "chardev":
                folder.Node(node);
                return true;
            default:
                // Sockets are made by whoever listens on them.
                return false;
        }
    }

    private void LinkFile(Place place, TreeNode node, string[] first)
    {
        place.Target.LinkTo(first, place.Folder, node.Name);
        Interlocked.Increment(ref files);
    }

    private async Task WriteFile(RestoredFolder folder, TreeNode node, CancellationToken cancel)
    {
        using var handle = folder.CreateFile(node.Name);
        try
        {
            var sparse = new SparseWriter(handle);
            await new FileContent(blobs, node).CopyTo(
                (bytes, _) =>
                {
                    sparse.Write(bytes.Span);
                    progress?.Report(Interlocked.Add(ref written, bytes.Length));
                    return ValueTask.CompletedTask;
                },
                cancel);
            sparse.Finish();
            Interlocked.Increment(ref files);
        }
        catch
        {
            // Half a file must not be taken for the file.
            folder.Remove(node.Name);
            throw;
        }
    }

    // Where a restore is: the folder restored into, the one at hand, and how one is reached from the other.
    private sealed record Place(RestoredFolder Target, RestoredFolder Folder, string[] Path);
}
