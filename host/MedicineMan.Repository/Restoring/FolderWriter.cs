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
    private const int LotsAtOnce = 4;

    private readonly ConcurrentQueue<string> problems = new();
    private readonly BlobReader blobs;
    private readonly FileLots lots;
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
        lots = new FileLots(blobs);
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
        var finding = Task.Run(() => Find(place, node, isAll, done.Token), CancellationToken.None);
        try
        {
            await Parallel.ForEachAsync(lots.All(cancel), new ParallelOptions { MaxDegreeOfParallelism = LotsAtOnce, CancellationToken = cancel }, async (lot, token) => await Write(lot, done, token));
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAll(finding, counting);
            lots.Abandon();
        }

        if (description.Foreign > 0)
        {
            problems.Enqueue($"{description.Foreign} entries belong to other users or groups. Only root may give them away: they are yours now, without set-user-id and set-group-id.");
        }

        return tally.Report([.. problems]);
    }

    // Makes the folders and finds the files, ahead of those who write them.
    private async Task Find(Place target, TreeNode node, bool isAll, CancellationToken cancel)
    {
        try
        {
            await (isAll ? Fill(target, node, cancel) : Entries(target, [node], cancel));
            target.Release();
            await lots.Complete(cancel);
        }
        catch (Exception failure)
        {
            lots.Fail(failure);
        }
    }

    private async Task Fill(Place place, TreeNode folder, CancellationToken cancel)
    {
        var nodes = SingleNames.Of(await blobs.Entries(folder.Subtree!.Value, cancel), twice => problems.Enqueue($"{place.PathOf(twice)} is in the snapshot more than once; the first was restored."));
        place.Reserve(nodes);
        await Entries(place, nodes, cancel);
        place.Finish = () => Finish(place, folder, options.Delete ? nodes.Select(node => node.Name).ToHashSet(StringComparer.Ordinal) : null, cancel);
    }

    private async Task Entries(Place place, IReadOnlyList<TreeNode> nodes, CancellationToken cancel)
    {
        await lots.Add(place, nodes.Where(node => node.Type is not "dir" && IsPlain(place, node) && Select(place, node).Chosen), cancel);
        foreach (var node in nodes.Where(node => node is { Type: "dir", Subtree: not null } && IsPlain(place, node)))
        {
            var (isChosen, mayBeBelow) = Select(place, node);
            if (isChosen || mayBeBelow)
            {
                await Folder(place, node, isChosen, cancel);
            }
        }
    }

    private async Task Folder(Place above, TreeNode node, bool isChosen, CancellationToken cancel)
    {
        var place = new Place(above, node.Name, there => entries.Yields(there, node));
        try
        {
            if (isChosen && (options.DryRun ? place.Look() is null : Make(place)))
            {
                tally.Done(RestoreAction.Restored, place.FullPath, 0, isFile: false);
            }

            await Fill(place, node, cancel);
        }
        catch (Exception failure) when (IsOfOneEntry(failure))
        {
            Report(place.FullPath, failure);
        }
        finally
        {
            place.Release();
        }
    }

    // When all that is below it has been restored, which changes its times.
    private void Finish(Place place, TreeNode folder, HashSet<string>? wanted, CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested)
        {
            return;
        }

        try
        {
            if (wanted is not null)
            {
                leftovers.Remove(place, wanted, cancel);
            }

            foreach (var problem in place.IsTarget || options.DryRun || place.Opened is not { } opened ? [] : description.Apply(opened.Handle, folder, place.FullPath))
            {
                problems.Enqueue(problem);
            }
        }
        catch (Exception failure) when (IsOfOneEntry(failure))
        {
            Report(place.FullPath, failure);
        }
    }

    private async Task Write(FileLot lot, CancellationTokenSource all, CancellationToken cancel)
    {
        try
        {
            foreach (var node in lot.Nodes)
            {
                try
                {
                    cancel.ThrowIfCancellationRequested();
                    await entries.Write(lot, node, cancel);
                }
                catch (Exception failure) when (IsOfOneEntry(failure))
                {
                    Report(lot.Place.PathOf(node.Name), failure);
                }
            }
        }
        catch
        {
            // First of all, so that no folder that is not complete looks as if it were.
            await all.CancelAsync();
            throw;
        }
        finally
        {
            lot.Nearby.Dispose();
            lot.Place.Release();
        }
    }

    private bool IsPlain(Place place, TreeNode node)
    {
        var isPlain = FileName.IsPlain(node.Name);
        if (!isPlain)
        {
            problems.Enqueue($"{place.PathOf(node.Name)} was refused: a name in the snapshot leads out of its folder.");
        }

        return isPlain;
    }

    private (bool Chosen, bool Below) Select(Place place, TreeNode node) => selection.IsAll ? (true, true) : selection.Of([.. place.Source, node.Name]);

    private static bool IsOfOneEntry(Exception failure) => failure is IOException or UnauthorizedAccessException or DamagedException;

    private void Report(string path, Exception failure) => problems.Enqueue(
        failure is PosixException { Error: PosixException.Exists } ? $"{path} exists and was left as it is." : $"{path} was not restored. {failure.Message}");

    private static bool Make(Place place)
    {
        place.Open();
        return place.IsNew;
    }
}
