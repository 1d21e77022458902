using System.Runtime.CompilerServices;
using MedicineMan.Repository.Patterns;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Looking;

/// <summary>What to find in snapshots.</summary>
public sealed record FindOptions
{
    /// <summary>Patterns with restic's meaning; one that matches is enough.</summary>
    public required IReadOnlyList<string> Patterns { get; init; }

    /// <summary>True to take large and small letters for the same.</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>Only what was last changed at or after this.</summary>
    public DateTimeOffset Oldest { get; init; } = DateTimeOffset.MinValue;

    /// <summary>Only what was last changed at or before this.</summary>
    public DateTimeOffset Newest { get; init; } = DateTimeOffset.MaxValue;
}

/// <summary>Something found.</summary>
/// <param name="Snapshot">In which snapshot.</param>
/// <param name="Path">Where, from the root.</param>
/// <param name="Node">What.</param>
public sealed record FoundNode(SnapshotEntry Snapshot, string Path, SnapshotNode Node);

/// <summary>Looks through snapshots for paths.</summary>
internal sealed class SnapshotSearch(BlobReader blobs, FindOptions options)
{
    private readonly List<PathPattern> patterns = [.. options.Patterns.Select(pattern => new PathPattern(pattern, options.IgnoreCase))];

    public async IAsyncEnumerable<FoundNode> Run(SnapshotEntry snapshot, [EnumeratorCancellation] CancellationToken cancel)
    {
        var open = new Stack<(ObjectId Tree, string[] Path)>([(snapshot.Tree, [])]);
        while (open.TryPop(out var folder))
        {
            var nodes = await blobs.Entries(folder.Tree, cancel);
            foreach (var node in nodes)
            {
                string[] path = [.. folder.Path, node.Name];
                var found = SnapshotNode.From(node);
                if (Matches("/" + string.Join('/', path)) && found.Modified >= options.Oldest && found.Modified <= options.Newest)
                {
                    yield return new FoundNode(snapshot, "/" + string.Join('/', path), found);
                }
            }

            foreach (var node in nodes.Where(node => node is { Type: "dir", Subtree: not null }).Reverse())
            {
                open.Push((node.Subtree!.Value, [.. folder.Path, node.Name]));
            }
        }
    }

    private bool Matches(string path)
    {
        var names = new SplitPath(PathPattern.Case(path, options.IgnoreCase));
        foreach (var pattern in patterns)
        {
            if (pattern.Matches(names))
            {
                return true;
            }
        }

        return false;
    }
}
