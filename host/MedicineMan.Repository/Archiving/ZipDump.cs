using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Archiving;

/// <summary>
/// Writes a folder of a snapshot as a zip archive, front to back. The list at its end is made on a second walk, so that memory holds 32 bytes an entry.
/// A file's checksum stands behind it and again at the end, so no stretch can be had without all before it.
/// </summary>
internal sealed class ZipDump(BlobReader blobs, Stream destination)
{
    private readonly List<(ZipContent Content, long Place)> done = [];
    private readonly List<string> problems = [];
    private long at;

    public async Task<ArchiveReport> Write(ArchiveFolder root, CancellationToken cancel)
    {
        await foreach (var (path, node, nearby) in ArchiveWalk.WithBlocks(blobs, Entries(root, problems.Add, cancel), cancel))
        {
            var place = at;
            done.Add((await WriteEntry(path, node, nearby, cancel), place));
        }

        var start = at;
        var next = 0;
        await foreach (var (path, node) in Entries(root, _ => { }, cancel))
        {
            var (content, place) = done[next++];
            await Put(ZipRecords.Central(Name(path, node), node, content, place), cancel);
        }

        await Put(ZipRecords.End(next, start, at), cancel);
        return new ArchiveReport(at, problems);
    }

    private async IAsyncEnumerable<(string Path, TreeNode Node)> Entries(
        ArchiveFolder root, Action<string> problem, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var (folder, nodes) in new ArchiveWalk(blobs, problem).Run(root, cancel))
        {
            if (folder.Path.Length > 0)
            {
                yield return (folder.Path, folder.Node);
            }

            foreach (var node in nodes)
            {
                if (node.Type is "file" or "symlink")
                {
                    yield return (folder.PathOf(node.Name), node);
                }
                else
                {
                    problem($"/{folder.PathOf(node.Name)} was left out: zip knows no devices and pipes.");
                }
            }
        }
    }

    private async Task<ZipContent> WriteEntry(string path, TreeNode node, NearbyBlocks nearby, CancellationToken cancel)
    {
        try
        {
            var content = new FileContent(blobs, node, nearby);
            var isLarge = node.Type is "file" && await content.Length(cancel) >= ZipRecords.Large;
            await Put(ZipRecords.Local(Name(path, node), node, isLarge), cancel);
            using var deflated = new DeflatedContent(Put);
            if (node.Type is "file")
            {
                await content.CopyTo(deflated.Write, cancel);
            }
            else if (node.Type is "symlink")
            {
                await deflated.Write(FileName.Encode(node.LinkTarget ?? ""), cancel);
            }

            var written = await deflated.Finish(cancel);
            await Put(ZipRecords.Behind(written, isLarge), cancel);
            return written;
        }
        catch (DamagedException failure)
        {
            throw new DamagedException($"/{path}: {failure.Message}", failure);
        }
    }

    private static byte[] Name(string path, TreeNode node) => FileName.Encode(node.Type is "dir" ? path + "/" : path);

    private async ValueTask Put(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        await destination.WriteAsync(bytes, cancel);
        at += bytes.Length;
    }
}
