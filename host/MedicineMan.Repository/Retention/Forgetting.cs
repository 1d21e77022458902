using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Retention;

/// <summary>Removes snapshots. Their data stays until a prune. Each removal stands on its own, so it may be killed anywhere.</summary>
internal sealed class Forgetting(ObjectStore store, ForgetOptions options)
{
    public async Task<ForgetReport> Run(CancellationToken cancel)
    {
        if (options.DryRun)
        {
            return Plan((await SnapshotFiles.Load(store, cancel)).Readable);
        }

        await using var held = await RepositoryLock.Acquire(store, exclusive: true, options.LockPatience, cancel);
        var report = Plan((await SnapshotFiles.Load(store, cancel)).Readable);
        foreach (var snapshot in report.Groups.SelectMany(group => group.Remove).OrderBy(snapshot => snapshot.WrittenTime))
        {
            held.ThrowIfLost();
            await store.Delete(ObjectStore.Snapshots + snapshot.Id, cancel);
        }

        return report;
    }

    private ForgetReport Plan(IReadOnlyList<SnapshotEntry> all) => new(
    [
        .. options.Names.Count > 0
            ? Named(all)
            : options.Grouping.Group(all.Where(options.Filter.Matches)).Select(group => Report(group.Key, [.. group], KeptOf([.. group]))),
    ]);

    private Dictionary<ObjectId, List<string>> KeptOf(List<SnapshotEntry> group) => options.Rule.IsEmpty
        ? group.ToDictionary(snapshot => snapshot.Id, _ => new List<string> { "no rule says what to remove" })
        : options.Guards.Keep(group, options.Rule, store.Clock.GetUtcNow(), store.Clock.LocalTimeZone);

    private List<ForgottenGroup> Named(IReadOnlyList<SnapshotEntry> all)
    {
        var named = options.Names.Select(name => SnapshotName.Find(all, name, store.Location).Id).ToHashSet();
        var groups = new List<ForgottenGroup>();
        foreach (var group in options.Grouping.Group(all).Where(group => group.Any(snapshot => named.Contains(snapshot.Id))))
        {
            var keep = new Dictionary<ObjectId, List<string>>();
            options.Guards.Guard([.. group], store.Clock.GetUtcNow(), keep);
            if (keep.FirstOrDefault(guarded => named.Contains(guarded.Key)) is { Value: [var reason, ..] } refused)
            {
                throw new UserFacingException(
                    $"Snapshot {refused.Key.Prefix} of {store.Location} is kept: it is the {reason}. Nothing was removed. Remove it without guards if that is really meant.");
            }

            groups.Add(Report(group.Key, [.. group], group.Where(snapshot => !named.Contains(snapshot.Id)).ToDictionary(snapshot => snapshot.Id, _ => new List<string> { "not named" })));
        }

        return groups;
    }

    private static ForgottenGroup Report(SnapshotGroup key, List<SnapshotEntry> group, Dictionary<ObjectId, List<string>> keep)
    {
        var newestFirst = group.OrderByDescending(snapshot => snapshot.WrittenTime).ToList();
        return new ForgottenGroup(
            key,
            [.. newestFirst.Where(snapshot => keep.ContainsKey(snapshot.Id)).Select(snapshot => new KeptSnapshot(snapshot, keep[snapshot.Id]))],
            [.. newestFirst.Where(snapshot => !keep.ContainsKey(snapshot.Id))]);
    }
}
