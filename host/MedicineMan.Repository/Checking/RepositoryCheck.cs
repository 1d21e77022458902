using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Checking;

/// <summary>Looks for damage: what is stored against what its names, the index and the snapshots promise, and which files each damage costs.</summary>
internal sealed class RepositoryCheck(ObjectStore store, IndexLoader indexes, RepositoryKeys keys, CheckOptions options, IProgress<CheckProgress>? progress)
{
    public async Task<CheckReport> Run(CancellationToken cancel)
    {
        // Snapshots, then index, then packs: whatever a backup adds meanwhile is then complete or not seen at all.
        var snapshots = await SnapshotFiles.Load(store, cancel);
        var index = await indexes.Current(cancel);
        var packs = index.ByPack();
        var stored = (await store.List(ObjectStore.Data, cancel)).ToDictionary(pack => pack.Id, pack => pack.Length);

        var damage = new DamageList(index);
        var intact = new List<IndexedPack>();
        foreach (var pack in packs)
        {
            if (!stored.TryGetValue(pack.Id, out var length))
            {
                damage.Pack(pack, DamageKind.MissingPack, $"The pack {pack.Id} is missing.", pack.Blobs);
            }
            else if (length != PackCheck.LengthOf(pack))
            {
                damage.Pack(pack, DamageKind.WrongLength, $"The pack {pack.Id} has {length} bytes where {PackCheck.LengthOf(pack)} were written.", PackCheck.BeyondEnd(pack, length));
            }
            else
            {
                intact.Add(pack);
            }
        }

        // Folders are walked beside the reading of packs: mostly that finds nothing. When it does, they are walked once more, to tell what it costs.
        var remarks = new Remarks(store, keys);
        var (known, walked) = (0, damage);
        Task Walk(DamageList list) => new TreeCheck(new BlobReader(store, index), list, options).Run(snapshots.Readable, cancel);
        var looking = Task.Run(
            async () =>
            {
                await remarks.Look(index, packs, stored, damage, cancel);
                walked = damage.Copy();
                known = walked.Count;
                await Walk(walked);
            },
            cancel);
        var reading = options.ReadData ? ReadPacks(intact.FindAll(pack => (uint)pack.Id.Leading % options.Share.Of == options.Share.Part - 1), stored, damage, cancel) : Task.FromResult(0L);
        await Task.WhenAll(looking, reading);
        if (damage.Count == known)
        {
            damage = walked;
        }
        else
        {
            await Walk(damage);
        }

        return new CheckReport
        {
            Problems =
            [
                .. snapshots.Damaged.Select(message => new CheckProblem(DamageKind.BrokenSnapshot, message, null, [])),
                .. indexes.Damaged.Select(message => new CheckProblem(DamageKind.BrokenIndex, message, null, [])), .. damage.Problems(),
            ],
            Remarks = remarks.Found,
            Snapshots = snapshots.Readable.Count,
            Packs = packs.Count,
            UnusedPacks = remarks.Found.Count(remark => remark.Kind == DamageKind.UnreferencedPack),
            Blobs = index.BlobCount,
            BytesRead = await reading,
        };
    }

    private async Task<long> ReadPacks(List<IndexedPack> packs, Dictionary<ObjectId, long> lengths, DamageList damage, CancellationToken cancel)
    {
        using var check = new PackCheck(store);
        var (bytes, done) = (0L, 0L);
        var total = packs.Sum(pack => lengths[pack.Id]);
        // One more than cores: while a pack is on its way, every core has another to verify.
        var everyCore = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount + 1, CancellationToken = cancel };
        // Largest first: the last ones are small then, and no core waits long for another.
        await Parallel.ForEachAsync(packs.OrderByDescending(pack => lengths[pack.Id]), everyCore, async (pack, token) =>
        {
            if (await Look(pack, token) is { } found)
            {
                damage.Pack(pack, found.Kind, found.Message, found.Blobs);
            }

            Interlocked.Add(ref bytes, lengths[pack.Id]);
            progress?.Report(new CheckProgress(Interlocked.Increment(ref done), packs.Count, Interlocked.Read(ref bytes), total));
        });
        return bytes;

        // Whatever the reason: what can't be read can't be restored, and the other packs are looked at all the same.
        async Task<PackDamage?> Look(IndexedPack pack, CancellationToken token)
        {
            try
            {
                return await check.Verify(pack, lengths[pack.Id], token);
            }
            catch (StorageException refused) when (!refused.Transient)
            {
                return PackCheck.Unread(pack, refused);
            }
        }
    }
}
