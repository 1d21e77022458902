using MedicineMan.Host.Backups.Runs;

namespace MedicineMan.Host.Backups.Restores;

/// What the restore form sends, and how it becomes a request.
public sealed class RestoreForm
{
    public string Item { get; set; } = "";

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

    internal RestoreRequest Read(RunRow run) => new()
    {
        RepositoryId = run.RepositoryId, SnapshotId = run.SnapshotId!, Item = Item, Objects = Tables.Count == 0 ? null : Tables, ServerId = ServerId, Target = Target ?? "", Confirmation = Confirmation,
        DryRun = DryRun, Host = Host, Port = Port, UserName = UserName, Password = Password, RunAs = RunAs, PlanId = run.PlanId,
    };
}
