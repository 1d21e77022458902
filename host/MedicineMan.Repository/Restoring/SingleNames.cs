using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Restoring;

/// <summary>A listing in which no name stands twice. In one that does, two files would be written over each other.</summary>
internal static class SingleNames
{
    public static IReadOnlyList<TreeNode> Of(List<TreeNode> nodes, Action<string> twice)
    {
        // Nearly every listing is in order, which costs less to see than a set of a million names.
        var isInOrder = true;
        for (var i = 1; i < nodes.Count && isInOrder; i++)
        {
            isInOrder = string.CompareOrdinal(nodes[i - 1].Name, nodes[i].Name) < 0;
        }

        if (isInOrder)
        {
            return nodes;
        }

        var seen = new HashSet<string>(nodes.Count, StringComparer.Ordinal);
        var single = new List<TreeNode>(nodes.Count);
        foreach (var node in nodes)
        {
            if (seen.Add(node.Name))
            {
                single.Add(node);
            }
            else
            {
                twice(node.Name);
            }
        }

        return single;
    }
}
