namespace MedicineMan.Repository.Retention;

/// <summary>What is kept beyond what the rule says, because its loss is never meant. They only ever keep more.</summary>
public sealed record RetentionGuards
{
    // Denser than every five minutes is no plan, but a mistake or an attack.
    private const int MostAnHour = 12;

    /// <summary>No guards: the rule, or the ids named, and nothing else.</summary>
    public static RetentionGuards None { get; } = new() { Newest = false, Future = false, Bursts = false };

    /// <summary>The newest snapshot of each group stays. Default true.</summary>
    public bool Newest { get; init; } = true;

    /// <summary>Snapshots that were restored and compared: the newest of them in each group stays. Default none.</summary>
    public IReadOnlySet<ObjectId> Proven { get; init; } = new HashSet<ObjectId>();

    /// <summary>Snapshots dated in the future stay, and use up no count: or a wrong clock would push all others out. Default true.</summary>
    public bool Future { get; init; } = true;

    /// <summary>More than twelve snapshots of one hour use up only one count: or a flood of new ones would push all others out. Default true.</summary>
    public bool Bursts { get; init; } = true;

    internal Dictionary<ObjectId, List<string>> Keep(IReadOnlyList<SnapshotEntry> group, RetentionRule rule, DateTimeOffset now, TimeZoneInfo here)
    {
        var present = Future ? group.Where(snapshot => snapshot.WrittenTime <= now).ToList() : group;
        var keep = RetentionPolicy.Keep(present, rule, now, here);
        if (Bursts && Thinned(present) is { } thinned)
        {
            foreach (var id in RetentionPolicy.Keep(thinned, rule, now, here).Keys.Where(id => !keep.ContainsKey(id)))
            {
                keep[id] = ["a burst of newer snapshots does not push it out"];
            }
        }

        foreach (var snapshot in Future ? group.Where(snapshot => snapshot.WrittenTime > now) : [])
        {
            keep[snapshot.Id] = ["dated in the future"];
        }

        Guard(group, now, keep);
        return keep;
    }

    /// <summary>Keeps what may not go even when somebody asks for it by id.</summary>
    internal void Guard(IReadOnlyList<SnapshotEntry> group, DateTimeOffset now, Dictionary<ObjectId, List<string>> keep)
    {
        // A snapshot from the future is no proof that there is anything newer than the newest of today.
        var oldestFirst = group.OrderBy(snapshot => snapshot.WrittenTime > now ? 0 : 1).ThenBy(snapshot => snapshot.WrittenTime).ToList();
        if (Newest && oldestFirst.Count > 0)
        {
            Add(oldestFirst[^1].Id, "newest of its group");
        }

        if (oldestFirst.FindLast(snapshot => Proven.Contains(snapshot.Id)) is { } proven)
        {
            Add(proven.Id, "newest proven of its group");
        }

        void Add(ObjectId id, string reason)
        {
            if (!keep.ContainsKey(id))
            {
                keep[id] = [reason];
            }
        }
    }

    // Null when no hour is overfull.
    private static List<SnapshotEntry>? Thinned(IReadOnlyList<SnapshotEntry> snapshots)
    {
        var hours = snapshots.GroupBy(snapshot => snapshot.WrittenTime.ToUnixTimeSeconds() / 3600).ToList();
        return hours.Exists(hour => hour.Count() > MostAnHour)
            ? [.. hours.SelectMany(hour => hour.Count() > MostAnHour ? [hour.MaxBy(snapshot => snapshot.WrittenTime)!] : hour.AsEnumerable())]
            : null;
    }
}
