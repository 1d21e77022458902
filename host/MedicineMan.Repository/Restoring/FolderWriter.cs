using System.Collections.Concurrent;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Restoring.Targets;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Restoring;

/// <summary>Restores a part of a snapshot into a folder of this machine. What can't be restored is named; everything else is.</summary>
internal sealed class FolderWriter
{
    private const int FilesAtOnce = 4;

    // Of a folder with very many entries, as many at a time as are looked for in the packs together.
    private const int FilesInTurn = 4096;

    private readonly ConcurrentQueue<string> problems = new();
    private readonly BlobReader blobs;
    private readonly RestoreOptions options;
    private readonly Selection selection;
    private readonly Tally tally;
    private readonly Description description = new();
    private readonly EntryWriter entries;
    private readonly Leftovers leftovers;
    private readonly bool isWatched;

    public FolderWriter(BlobReader blobs, RestoreOptions options, IProgress<RestoreProgress>? progress)
    {
        this.blobs = blobs;
        this.options = options;
        isWatched = progress is not null;
        selection = new Selection(options);
        tally = new Tally(options, progress);
        leftovers = new Leftovers(options, selection, tally, problems.Enqueue);
        entries = new EntryWriter(blobs, options, tally, description, leftovers, problems.Enqueue);
    }

    public async Task<RestoreReport> Restore(TreeNode node, CancellationToken cancel)
    {
        var path = Path.GetFullPath(options.Target);
        var isAll = options.Path.Count == 0;
        if (options.Delete && isAll && path == "/" && options.Include.Count == 0)
        {
            throw new UserFacingException("Removing everything that the snapshot does not have from / would take this machine with it. Choose with include patterns what is restored.") { Permanent = true };
        }

        using var target = options.DryRun ? RestoredFolder.FindTarget(path) : RestoredFolder.OpenTarget(path);
        var place = new Place(target, path, isAll ? [] : [.. options.Path.SkipLast(1)]);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var counting = isWatched ? Task.Run(() => new RestoreSize(blobs, selection, tally).Count(node, place.Source, done.Token), CancellationToken.None) : Task.CompletedTask;
        try
        {
            await (isAll ? Fill(place, node.Subtree!.Value, cancel) : Entry(place, node, cancel));
        }
        finally
        {
            await done.CancelAsync();
            await counting;
        }

        if (description.Foreign > 0)
        {
            problems.Enqueue($"{description.Foreign} entries belong to other users or groups. Only root may give them away: they are yours now, without set-user-id and set-group-id.");
        }

        return tally.Report([.. problems]);
    }

    private async Task Fill(Place place, ObjectId tree, CancellationToken cancel)
    {
        var nodes = SingleNames.Of(await blobs.Entries(tree, cancel), twice => problems.Enqueue($"{place.PathOf(twice)} is in the snapshot more than once; the first was restored."));
        place.Reserve(nodes);
        var inParallel = new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancel };
        foreach (var some in nodes.Where(node => node.Type is not "dir").Chunk(FilesInTurn))
        {
            using var nearby = new NearbyBlocks(blobs, [.. some.Where(node => Select(place, node).Chosen).SelectMany(node => node.Content is [var only] ? [only] : Array.Empty<ObjectId>())]);
            place.Nearby = nearby;
            await Parallel.ForEachAsync(some, inParallel, async (node, token) => await Entry(place, node, token));
        }

        place.Nearby = null;
        foreach (var node in nodes.Where(node => node.Type is "dir"))
        {
            await Entry(place, node, cancel);
        }

        if (options.Delete)
        {
            leftovers.Remove(place, nodes.Select(node => node.Name).ToHashSet(StringComparer.Ordinal), cancel);
        }
    }

    private async Task Entry(Place place, TreeNode node, CancellationToken cancel)
    {
        if (!FileName.IsPlain(node.Name))
        {
            problems.Enqueue($"{place.PathOf(node.Name)} was refused: a name in the snapshot leads out of its folder.");
            return;
        }

        var (isChosen, mayBeBelow) = Select(place, node);
        if (!isChosen && !(mayBeBelow && node.Type is "dir"))
        {
            return;
        }

        try
        {
            await (node is { Type: "dir", Subtree: { } tree } ? Folder(place, node, tree, isChosen, cancel) : entries.Write(place, node, cancel));
        }
        catch (PosixException failure) when (failure.Error == PosixException.Exists)
        {
            problems.Enqueue($"{place.PathOf(node.Name)} exists and was left as it is.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DamagedException)
        {
            problems.Enqueue($"{place.PathOf(node.Name)} was not restored. {failure.Message}");
        }
    }

    private (bool Chosen, bool Below) Select(Place place, TreeNode node) => selection.IsAll ? (true, true) : selection.Of([.. place.Source, node.Name]);

    private async Task Folder(Place above, TreeNode node, ObjectId tree, bool isChosen, CancellationToken cancel)
    {
        using var place = new Place(above, node.Name, there => entries.Yields(there, node));
        if (isChosen && (options.DryRun ? place.Look() is null : Make(place)))
        {
            tally.Done(RestoreAction.Restored, above.PathOf(node.Name), 0, isFile: false);
        }

        await Fill(place, tree, cancel);
        if (!options.DryRun && place.Opened is { } folder)
        {
            foreach (var problem in description.Apply(folder.Handle, node, above.PathOf(node.Name)))
            {
                problems.Enqueue(problem);
            }
        }
    }

    private static bool Make(Place place)
    {
        place.Open();
        return place.IsNew;
    }
}
