using MedicineMan.Host.Backups.Runs;

namespace MedicineMan.Host.Backups.Restores;

/// What the restore form sends, and how it becomes a request.
public sealed class RestoreForm
{
    /// The database, or <see cref="TargetName.Item"/> for all of them.
    public string Item { get; set; } = "";

    public bool IsAll => Item == TargetName.Item;

    public IReadOnlyList<string> Tables { get; set; } = [];

    public string ServerId { get; set; } = "";

    public string? Target { get; set; }

    public string? Confirmation { get; set; }

    public bool DryRun { get; set; }

    public string? Host { get; set; }

    public int? Port { get; set; }

    public string? UserName { get; set; }

    public string? Password { get; set; }

    public string? RunAs { get; set; }

    /// One request for each database: the one chosen, or all that the run holds.
    internal IReadOnlyList<RestoreRequest> Read(RunRow run)
    {
        IReadOnlyList<string> items = IsAll ? run.ItemNames : [Item];
        TargetName.MustFit(Target ?? "", items.Count, !string.IsNullOrEmpty(Confirmation));
        return [.. items.Select(item => One(run, item))];
    }

    private RestoreRequest One(RunRow run, string item) => new()
    {
        RepositoryId = run.RepositoryId, SnapshotId = run.SnapshotId!, Item = item, Objects = Tables.Count == 0 ? null : Tables, ServerId = ServerId, Target = TargetName.For((Target ?? "").Trim(), item), Confirmation = Confirmation,
        DryRun = DryRun, Host = Host, Port = Port, UserName = UserName, Password = Password, RunAs = RunAs, PlanId = run.PlanId,
    };
}
