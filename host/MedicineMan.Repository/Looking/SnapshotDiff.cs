using System.Runtime.CompilerServices;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Looking;

/// <summary>One difference between two snapshots.</summary>
/// <param name="Path">Where; folders end in <c>/</c>.</param>
/// <param name="Modifier"><c>+</c> added, <c>-</c> removed, <c>M</c> other content, <c>T</c> another type, <c>U</c> other metadata only.</param>
public sealed record SnapshotChange(string Path, char Modifier);

/// <summary>What the differences come to.</summary>
public sealed record DiffTotals
{
    /// <summary>Files whose content changed.</summary>
    public long ChangedFiles { get; internal set; }

    /// <summary>Files added.</summary>
    public long AddedFiles { get; internal set; }

    /// <summary>Files removed.</summary>
    public long RemovedFiles { get; internal set; }

    /// <summary>Folders added.</summary>
    public long AddedFolders { get; internal set; }

    /// <summary>Folders removed.</summary>
    public long RemovedFolders { get; internal set; }

    /// <summary>Plain bytes of blocks that only the second one needs.</summary>
    public long AddedBytes { get; internal set; }

    /// <summary>Plain bytes of blocks that only the first one needs.</summary>
    public long RemovedBytes { get; internal set; }
}

/// <summary>Walks two snapshots side by side. Folders with the same listing are not looked into.</summary>
internal sealed class SnapshotDiff(BlobReader blobs, bool metadata)
{
    private readonly HashSet<(BlobKind, ObjectId)> before = [];
    private readonly HashSet<(BlobKind, ObjectId)> after = [];

    public DiffTotals Totals { get; } = new();

    public async IAsyncEnumerable<SnapshotChange> Run(ObjectId left, ObjectId right, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var change in Folder(left, right, "/", cancel))
        {
            yield return change;
        }

        Totals.AddedBytes = after.Except(before).Sum(Length);
        Totals.RemovedBytes = before.Except(after).Sum(Length);
    }

    private async IAsyncEnumerable<SnapshotChange> Folder(ObjectId? left, ObjectId? right, string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (left == right)
        {
            yield break;
        }

        var old = await Nodes(left, before, cancel);
        var now = await Nodes(right, after, cancel);
        foreach (var name in old.Keys.Union(now.Keys).Order(Comparer<string>.Create(FileName.Compare)))
        {
            var (was, @is) = (old.GetValueOrDefault(name), now.GetValueOrDefault(name));
            var place = path + name + ((@is ?? was)!.Type is "dir" ? "/" : "");
            await Note(was, before, cancel);
            await Note(@is, after, cancel);
            if (Modifier(was, @is) is { } modifier)
            {
                Count(modifier, (@is ?? was)!);
                yield return new SnapshotChange(place, modifier);
            }

            var (below, beside) = (was is { Type: "dir" } ? was.Subtree : null, @is is { Type: "dir" } ? @is.Subtree : null);
            await foreach (var change in Folder(below, beside, path + name + "/", cancel))
            {
                yield return change;
            }
        }
    }

    private async Task<Dictionary<string, TreeNode>> Nodes(ObjectId? tree, HashSet<(BlobKind, ObjectId)> side, CancellationToken cancel)
    {
        if (tree is not { } id)
        {
            return [];
        }

        side.Add((BlobKind.Tree, id));
        return (await blobs.Entries(id, cancel)).ToDictionary(node => node.Name, StringComparer.Ordinal);
    }

    private async Task Note(TreeNode? node, HashSet<(BlobKind, ObjectId)> side, CancellationToken cancel)
    {
        side.UnionWith((node?.Content ?? []).Select(blob => (BlobKind.Data, blob)));
        if (node is not null && StreamFolder.IsPresented(node))
        {
            foreach (var part in (await Nodes(node.Subtree, side, cancel)).Values)
            {
                await Note(part, side, cancel);
            }
        }
    }

    private char? Modifier(TreeNode? was, TreeNode? @is) =>
        was is null ? '+'
        : @is is null ? '-'
        : was.Type != @is.Type ? 'T'
        : was.Type is "file" && (was.Subtree != @is.Subtree || !(was.Content ?? []).SequenceEqual(@is.Content ?? [])) ? 'M'
        : metadata && !(Plain(was) == Plain(@is) && Attributes(was).SequenceEqual(Attributes(@is))) ? 'U'
        : null;

    private static TreeNode Plain(TreeNode node) => node with { Content = null, Subtree = null, Attributes = null };

    private static IEnumerable<(string, string)> Attributes(TreeNode node) => (node.Attributes ?? []).Select(one => (one.Name, Convert.ToHexString(one.Value)));

    private void Count(char modifier, TreeNode node)
    {
        var isFolder = node.Type is "dir";
        switch (modifier)
        {
            case 'M': Totals.ChangedFiles++; break;
            case '+' when isFolder: Totals.AddedFolders++; break;
            case '+': Totals.AddedFiles++; break;
            case '-' when isFolder: Totals.RemovedFolders++; break;
            case '-': Totals.RemovedFiles++; break;
        }
    }

    private long Length((BlobKind Kind, ObjectId Id) blob) => blobs.Index.TryFind(blob.Kind, blob.Id, out var place) ? place.PlainLength : 0;
}
