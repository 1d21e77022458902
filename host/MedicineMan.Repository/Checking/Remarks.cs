using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Checking;

/// <summary>What is not as it should be and costs nobody data.</summary>
internal sealed class Remarks(ObjectStore store, RepositoryKeys keys)
{
    private readonly List<CheckProblem> found = [];

    public IReadOnlyList<CheckProblem> Found => found;

    public async Task Look(BlobIndex index, IReadOnlyList<IndexedPack> packs, Dictionary<ObjectId, long> stored, DamageList damage, CancellationToken cancel)
    {
        var known = new KnownPacks(store);
        await known.Load(cancel);
        foreach (var id in stored.Keys.Except(packs.Select(pack => pack.Id)))
        {
            var header = known.Stored.ContainsKey(id) ? await Header(known, id, cancel) : null;
            if (header is not null)
            {
                damage.Unlisted(header);
            }

            Add(DamageKind.UnreferencedPack, $"The pack {id} is in no index{(header is null ? ", and says nothing of itself" : "")}: probably the rest of an interrupted backup. A prune removes it.", id);
        }

        foreach (var pack in packs.Where(pack => pack.Blobs.Any(blob => blob.Kind == BlobKind.Tree) && pack.Blobs.Any(blob => blob.Kind == BlobKind.Data)))
        {
            Add(DamageKind.MixedPack, $"The pack {pack.Id} holds folders and content, as very old clients wrote it. A prune parts them.", pack.Id);
        }

        await LookAtIndexes(known, cancel);
        foreach (var key in (await keys.List(cancel)).Where(key => !key.Readable))
        {
            Add(DamageKind.UnreadableKey, $"The key {key.Id} is not readable: its password opens nothing.", null);
        }

        if (index.Copies > 0)
        {
            Add(DamageKind.Duplicate, $"{index.Copies} blocks are stored more than once. A prune removes the copies.", null);
        }
    }

    // Refused: then it says nothing, and the rest is looked at all the same.
    private static async Task<IndexedPack?> Header(KnownPacks known, ObjectId pack, CancellationToken cancel)
    {
        try
        {
            return await known.Header(pack, cancel);
        }
        catch (StorageException refused) when (!refused.Transient)
        {
            return null;
        }
    }

    private async Task LookAtIndexes(KnownPacks known, CancellationToken cancel)
    {
        var listed = new HashSet<ObjectId>();
        await foreach (var (file, packs) in known.Indexes.Read(cancel))
        {
            var twice = packs.Count(pack => !listed.Add(pack.Id));
            if (twice > 0 || packs.Count == 0)
            {
                Add(
                    twice == packs.Count ? DamageKind.ObsoleteIndex : DamageKind.Duplicate,
                    $"The index file {file} lists {twice} packs that another one lists as well. A prune joins them.", null);
            }
        }
    }

    private void Add(DamageKind kind, string message, ObjectId? pack) => found.Add(new CheckProblem(kind, message, pack, []));
}
