using System.Security.Cryptography;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Patching;

/// <summary>
/// Takes in a stream that an earlier snapshot had. Updates scattered over a table touch every block of its dump; then the parts that changed all over
/// are stored as patches to the earlier ones. A stream without any stands in the snapshot as a file, as any other stream does.
/// </summary>
internal sealed class PatchedStreamWriter(
    IReadOnlyList<string> path, EarlierStream earlier, PartLanes lanes, StreamFeeder feeder, BlobPipeline pipeline, Chunker chunker, BackupCounters counters)
{
    private readonly List<WrittenPart> parts = [];

    public long Bytes => parts.Sum(part => part.Length);

    public long BytesNew => parts.Sum(part => part.Content.BytesNew);

    public long BytesStored => parts.Sum(part => part.Content.BytesStored);

    /// <summary>Reads the stream to its end: one part is read while the one before is compressed.</summary>
    public async Task Write(Stream source, PatchLane lane, IncrementalHash? hash, CancellationToken cancel)
    {
        var reader = new PartReader(source, lanes.Parts, chunker, counters, hash);
        var writer = new PartWriter(earlier, lane, feeder, pipeline);
        Task<WrittenPart>? writing = null;
        try
        {
            while (await reader.Next(cancel) is { } part)
            {
                if (writing is not null)
                {
                    parts.Add(await ReleasingOnFailure(writing, part));
                }

                writing = Task.Run(() => writer.Write(part, cancel), CancellationToken.None);
            }

            if (writing is not null)
            {
                parts.Add(await writing);
            }
        }
        finally
        {
            // The lane's memory is in use until then.
            await Task.WhenAny(writing ?? Task.CompletedTask);
        }
    }

    /// <summary>Puts the stream into the snapshot.</summary>
    public async Task AddTo(VirtualTree tree, TreeNode file, CancellationToken cancel)
    {
        if (parts.TrueForAll(part => part.Basis is null))
        {
            tree.Add(path, file with { Size = (ulong)Bytes, Content = await Ids(parts, cancel) });
            return;
        }

        string[] folder = [.. path.SkipLast(1), path[^1] + StreamFolder.Suffix];
        var listed = new List<StreamPart>();
        for (var from = 0; from < parts.Count;)
        {
            var number = listed.Count + 1;
            var first = parts[from];
            if (first.Basis is { } basis)
            {
                var patched = new StreamPart
                {
                    File = StreamFolder.PartName(number, "patch"), Basis = StreamFolder.PartName(number, "base"), Size = first.Length,
                    Sha256 = Convert.ToHexStringLower(first.Sha256),
                };
                Add(patched.Basis, first.BasisLength, basis);
                Add(patched.File, first.PatchLength, await first.Content.Ids(cancel));
                listed.Add(patched);
                from++;
                continue;
            }

            // Parts stored whole are one file, however many follow each other.
            var whole = parts.Skip(from).TakeWhile(part => part.Basis is null).ToList();
            var plain = new StreamPart { File = StreamFolder.PartName(number, "part"), Size = whole.Sum(part => part.Length) };
            Add(plain.File, plain.Size, await Ids(whole, cancel));
            listed.Add(plain);
            from += whole.Count;
        }

        var descriptor = new StreamDescriptor { Name = path[^1], Size = Bytes, Parts = listed }.Write();
        await AddSmall(StreamDescriptor.FileName, descriptor);
        await AddSmall(StreamFolder.ScriptName, StreamFolder.Script.ToArray());
        tree.Describe(folder, file with { Type = "dir", Mode = GoMode.Directory | 0x1ED, Size = (ulong)Bytes, Links = 0, Content = null });

        void Add(string name, long size, IReadOnlyList<ObjectId> content) =>
            tree.Add([.. folder, name], file with { Name = name, Size = (ulong)size, Content = content });

        async Task AddSmall(string name, byte[] content)
        {
            var fed = await feeder.FeedUncounted(new MemoryStream(content), cancel);
            Add(name, content.Length, await fed.Content.Ids(cancel));
        }
    }

    private static async Task<List<ObjectId>> Ids(IEnumerable<WrittenPart> parts, CancellationToken cancel)
    {
        var ids = new List<ObjectId>();
        foreach (var part in parts)
        {
            ids.AddRange(await part.Content.Ids(cancel));
        }

        return ids;
    }

    private static async Task<WrittenPart> ReleasingOnFailure(Task<WrittenPart> writing, Part next)
    {
        try
        {
            return await writing;
        }
        catch
        {
            next.Slab.Release();
            throw;
        }
    }
}
