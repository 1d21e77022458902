using System.Runtime.CompilerServices;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Archiving;

/// <summary>
/// A folder of a snapshot as a tar archive that is nowhere stored: always the same bytes, of a length that is known beforehand, any stretch of which is
/// made without what comes before it. In memory are where each folder starts and the first names of hard links.
/// </summary>
internal sealed class TarArchive
{
    private const int End = 2 * TarHeader.Block;

    private static readonly byte[] Zeros = new byte[End];

    private readonly BlobReader blobs;
    private readonly List<(ArchiveFolder Folder, long Start)> folders = [];
    private readonly Dictionary<(ulong Inode, ulong Device), string> firsts = [];
    private readonly List<string> problems = [];

    private TarArchive(BlobReader blobs) => this.blobs = blobs;

    public long Length { get; private set; }

    /// <summary>What is not in it.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>Lays it out. Only folder listings are read.</summary>
    /// <exception cref="DamagedException">Something that belongs into it is lost.</exception>
    public static async Task<TarArchive> Plan(BlobReader blobs, ArchiveFolder root, CancellationToken cancel)
    {
        var archive = new TarArchive(blobs);
        await foreach (var (folder, entries) in new ArchiveWalk(blobs, archive.problems.Add).Run(root, cancel))
        {
            archive.folders.Add((folder, archive.Length));
            archive.Length += archive.Header(folder.Path, folder.Node, 0).Length;
            foreach (var node in entries)
            {
                var path = folder.PathOf(node.Name);
                if (Key(node) is { } key)
                {
                    archive.firsts.TryAdd(key, path);
                }

                var size = await archive.Size(path, node, cancel);
                archive.Length += archive.Header(path, node, size).Length + TarHeader.Padded(size);
            }
        }

        archive.Length += End;
        return archive;
    }

    /// <summary>Gives a stretch of it to a sink.</summary>
    public async Task CopyRange(ByteRange range, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel)
    {
        var first = Math.Max(0, folders.FindLastIndex(one => one.Start <= range.Offset));
        var at = folders[first].Start;
        await foreach (var (path, node, nearby) in ArchiveWalk.WithBlocks(blobs, Entries(first, range.End, cancel), cancel))
        {
            if (at >= range.End)
            {
                return;
            }

            var size = await Size(path, node, cancel);
            at = await Give(Header(path, node, size), at);
            await GiveContent(path, node, nearby, range.Within(at, size));
            at = await Give(Zeros.AsMemory(0, (int)(TarHeader.Padded(size) - size)), at + size);
        }

        await Give(Zeros, Length - End);

        async ValueTask<long> Give(ReadOnlyMemory<byte> bytes, long start)
        {
            var part = range.Within(start, bytes.Length);
            if (part.Length > 0)
            {
                await sink(bytes.Slice((int)part.Offset, (int)part.Length), cancel);
            }

            return start + bytes.Length;
        }

        async Task GiveContent(string path, TreeNode node, NearbyBlocks nearby, ByteRange part)
        {
            if (part.Length == 0)
            {
                return;
            }

            try
            {
                await new FileContent(blobs, node, nearby).CopyRange(part, sink, cancel);
            }
            catch (DamagedException failure)
            {
                throw new DamagedException($"/{path}: {failure.Message}", failure);
            }
        }
    }

    // From one folder on, as far as anything starts before the end of what is wanted.
    private async IAsyncEnumerable<(string Path, TreeNode Node)> Entries(int first, long end, [EnumeratorCancellation] CancellationToken cancel)
    {
        var walk = new ArchiveWalk(blobs, _ => { });
        for (var i = first; i < folders.Count && folders[i].Start < end; i++)
        {
            var folder = folders[i].Folder;
            yield return (folder.Path, folder.Node);
            foreach (var node in await walk.Read(folder, cancel))
            {
                if (node.Type is not ("dir" or "socket"))
                {
                    yield return (folder.PathOf(node.Name), node);
                }
            }
        }
    }

    // The snapshot's own root has no name that an archive could give it.
    private byte[] Header(string path, TreeNode node, long size) => path.Length == 0 ? [] : TarHeader.Of(path, node, size, FirstOf(path, node));

    private static (ulong, ulong)? Key(TreeNode node) => node is { Type: "file", Links: > 1, Inode: not 0 } ? (node.Inode, node.DeviceId) : null;

    private string? FirstOf(string path, TreeNode node) => Key(node) is { } key && firsts[key] != path ? firsts[key] : null;

    // By the blocks: what a listing says may be wrong, and then every byte behind it would be.
    private async ValueTask<long> Size(string path, TreeNode node, CancellationToken cancel)
    {
        if (node.Type is not "file" || FirstOf(path, node) is not null)
        {
            return 0;
        }

        try
        {
            return await new FileContent(blobs, node).Length(cancel);
        }
        catch (DamagedException failure)
        {
            throw new DamagedException($"/{path}: {failure.Message}", failure);
        }
    }
}
