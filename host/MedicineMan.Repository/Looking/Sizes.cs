using System.Security.Cryptography;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Looking;

/// <summary>What to count.</summary>
public enum SizeMode
{
    /// <summary>What restoring each snapshot takes; the content of a hard link once.</summary>
    RestoreSize,

    /// <summary>Files with equal content once, over all snapshots.</summary>
    FilesByContents,

    /// <summary>What the blocks of the snapshots take in the repository.</summary>
    RawData,
}

/// <summary>Sizes of snapshots.</summary>
/// <param name="Snapshots">How many were counted.</param>
/// <param name="Bytes">Bytes; stored ones for raw data.</param>
/// <param name="Files">Files and other entries; 0 for raw data.</param>
/// <param name="Blobs">Blobs; 0 unless for raw data.</param>
/// <param name="PlainBytes">Bytes before compression; 0 unless for raw data.</param>
public sealed record RepositorySizes(int Snapshots, long Bytes, long Files, long Blobs, long PlainBytes);

/// <summary>Adds up sizes of snapshots.</summary>
internal sealed class Sizes(ObjectStore store, BlobReader reader)
{
    private readonly Dictionary<ObjectId, (long Files, long Bytes)> withoutLinks = [];

    public async Task<RepositorySizes> Run(SizeMode mode, IReadOnlyList<SnapshotEntry> snapshots, CancellationToken cancel) => mode switch
    {
        SizeMode.RawData => await RawData(snapshots, cancel),
        SizeMode.FilesByContents => await FilesByContents(snapshots, cancel),
        _ => await RestoreSize(snapshots, cancel),
    };

    private async Task<RepositorySizes> RestoreSize(IReadOnlyList<SnapshotEntry> snapshots, CancellationToken cancel)
    {
        var (files, bytes) = (0L, 0L);
        foreach (var snapshot in snapshots)
        {
            var sum = await Folder(snapshot.Tree, [], cancel);
            files += sum.Files;
            bytes += sum.Bytes;
        }

        return new RepositorySizes(snapshots.Count, bytes, files, 0, 0);
    }

    // A folder without hard links below it counts the same in every snapshot, and is looked into once.
    private async Task<(long Files, long Bytes, bool HasLinks)> Folder(ObjectId tree, HashSet<(ulong Inode, ulong Device)> links, CancellationToken cancel)
    {
        if (withoutLinks.TryGetValue(tree, out var known))
        {
            return (known.Files, known.Bytes, false);
        }

        var (files, bytes, hasLinks) = (0L, 0L, false);
        foreach (var node in await reader.Entries(tree, cancel))
        {
            files++;
            if (node is { Type: "dir", Subtree: { } subtree })
            {
                var below = await Folder(subtree, links, cancel);
                files += below.Files;
                bytes += below.Bytes;
                hasLinks |= below.HasLinks;
                continue;
            }

            var isLink = node.Type is "file" && node.Links > 1;
            hasLinks |= isLink;
            bytes += !isLink || links.Add((node.Inode, node.DeviceId)) ? (long)node.Size : 0;
        }

        if (!hasLinks)
        {
            withoutLinks[tree] = (files, bytes);
        }

        return (files, bytes, hasLinks);
    }

    private async Task<RepositorySizes> FilesByContents(IReadOnlyList<SnapshotEntry> snapshots, CancellationToken cancel)
    {
        var gate = new Lock();
        var (contents, trees, bytes) = (new HashSet<ObjectId>(), new HashSet<ObjectId>(), 0L);
        await TreeWalk.Run(reader, snapshots.Select(snapshot => snapshot.Tree), trees.Add, (_, nodes) =>
        {
            foreach (var node in nodes.Where(node => node.Type is "file"))
            {
                var content = Fingerprint(node);
                lock (gate)
                {
                    bytes += contents.Add(content) ? (long)node.Size : 0;
                }
            }
        }, cancel);
        return new RepositorySizes(snapshots.Count, bytes, contents.Count, 0, 0);
    }

    private static ObjectId Fingerprint(TreeNode node)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[ObjectId.Size];
        foreach (var blob in node.Content ?? [])
        {
            blob.CopyTo(bytes);
            hash.AppendData(bytes);
        }

        return new ObjectId(hash.GetHashAndReset());
    }

    private async Task<RepositorySizes> RawData(IReadOnlyList<SnapshotEntry> snapshots, CancellationToken cancel)
    {
        var indexes = await StoredIndexes.List(store, cancel);
        var table = new BlobTable();
        await foreach (var (_, packs) in indexes.Read(cancel))
        {
            foreach (var blob in packs.SelectMany(pack => pack.Blobs))
            {
                table.Add(blob.Kind, blob.Id);
            }
        }

        table.Seal();
        await TreeWalk.Run(reader, snapshots.Select(snapshot => snapshot.Tree), tree => table.Mark(BlobKind.Tree, tree, BlobMarks.Used), (_, nodes) =>
        {
            foreach (var blob in nodes.Where(node => node.Content is not null).SelectMany(node => node.Content!))
            {
                table.Mark(BlobKind.Data, blob, BlobMarks.Used);
            }
        }, cancel);
        var (blobs, stored, plain) = (0L, 0L, 0L);
        await foreach (var (_, packs) in indexes.Read(cancel))
        {
            foreach (var blob in packs.SelectMany(pack => pack.Blobs).Where(blob => table.Has(blob.Kind, blob.Id, BlobMarks.Used) && table.Mark(blob.Kind, blob.Id, BlobMarks.Placed)))
            {
                blobs++;
                stored += blob.Length;
                plain += blob.PlainLength;
            }
        }

        return new RepositorySizes(snapshots.Count, stored, 0, blobs, plain);
    }
}
