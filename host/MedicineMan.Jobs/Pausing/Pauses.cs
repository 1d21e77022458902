using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Pausing;

/// What is held back, as this worker last read it. It reads at its start, whenever it hears that something was paused or resumed, and now and then.
internal sealed class Pauses(IJobDatabase database)
{
    private const string AllSql = """
        select organization_id as Organization, kind as Kind, name as Name, paused_by as PausedBy, paused_at as PausedAt from job_pauses
        """;

    private HashSet<(string Organization, PauseKind Kind, string Name)> held = [];

    public async Task Read(CancellationToken cancel) => held = Set(await database.Rows<StoredPause>(AllSql, new { }, cancel));

    public async Task Read(DbTransaction transaction, CancellationToken cancel) => held = Set(await transaction.Rows<StoredPause>(AllSql, new { }, cancel));

    public bool HoldType(string organization, string type) => held.Count > 0 && Holds(organization, PauseKind.Type, type);

    public bool HoldLane(string lane) => held.Count > 0 && (Holds(Lanes.OrganizationOf(lane), PauseKind.Queue, Lanes.QueueOf(lane)) || Holds(Lanes.OrganizationOf(lane), PauseKind.All, ""));

    private bool Holds(string organization, PauseKind kind, string name) => held.Contains((organization, kind, name)) || held.Contains(("", kind, name));

    private static HashSet<(string Organization, PauseKind Kind, string Name)> Set(IEnumerable<StoredPause> rows) =>
        [.. rows.Select(row => (row.Organization, PauseKinds.Read(row.Kind), row.Name))];
}
