using MedicineMan.Sdk;

namespace MedicineMan.Repository.Reading;

/// <summary>Finds the one snapshot that a name stands for: its id, the start of it, or <c>latest</c>.</summary>
internal static class SnapshotName
{
    /// <param name="all">Oldest first.</param>
    /// <param name="name">What somebody typed.</param>
    /// <param name="location">For the message.</param>
    public static SnapshotEntry Find(IReadOnlyList<SnapshotEntry> all, string name, string location)
    {
        var matching = name is "latest"
            ? all.TakeLast(1).ToList()
            : [.. all.Where(entry => name.Length > 0 && entry.Id.ToString().StartsWith(name, StringComparison.OrdinalIgnoreCase))];
        return matching.Count switch
        {
            1 => matching[0],
            0 when all.Count == 0 => throw new UserFacingException($"{location} has no snapshots yet."),
            0 => throw new UserFacingException($"No snapshot of {location} starts with {name}."),
            _ => throw new UserFacingException($"{matching.Count} snapshots of {location} start with {name}. Give more of the id."),
        };
    }
}
