using System.ComponentModel.DataAnnotations;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Plans;

namespace MedicineMan.Host.Api;

internal sealed record PlanRequest
{
    [Required(ErrorMessage = "Give the plan a name."), StringLength(100, ErrorMessage = "The name has at most 100 characters.")]
    public string? Name { get; init; }

    [Required(ErrorMessage = "Say which server.")]
    public string? ServerId { get; init; }

    [Required(ErrorMessage = "Say which repository.")]
    public string? RepositoryId { get; init; }

    /// Of what a plugin can back up: <c>postgres</c>.
    [Required(ErrorMessage = "Say what is backed up, for instance postgres.")]
    public string? Kind { get; init; }

    /// Identity of the service a scan found.
    public string? Service { get; init; }

    /// Host or socket directory, as seen from the server.
    public string? Host { get; init; }

    [Range(1, 65535, ErrorMessage = "A port lies between 1 and 65535.")]
    public int? Port { get; init; }

    public string? UserName { get; init; }

    public string? Password { get; init; }

    /// Operating system user for peer authentication.
    public string? RunAs { get; init; }

    /// Names to back up; empty for all there are at the time of the run.
    public IReadOnlyList<string>? Items { get; init; }

    /// Whether each backup is proven by a restore; true when left out.
    public bool Prove { get; init; } = true;

    /// Where proofs restore to; the plan's own server when left out.
    public string? ProofServerId { get; init; }

    /// How the proof connects, when it is not as the backup does; without it a proof on another server uses what the scan found there.
    public string? ProofHost { get; init; }

    [Range(1, 65535, ErrorMessage = "A port lies between 1 and 65535.")]
    public int? ProofPort { get; init; }

    public string? ProofUserName { get; init; }

    public string? ProofPassword { get; init; }

    public string? ProofRunAs { get; init; }

    public PlanSettings Settings() => new()
    {
        Name = Name!.Trim(), ServerId = ServerId!, RepositoryId = RepositoryId!, Kind = Kind!, Service = Service, Host = Host, Port = Port, UserName = UserName, Password = Password,
        RunAs = RunAs, Items = Items ?? [], Prove = Prove, ProofServerId = ProofServerId, ProofHost = ProofHost, ProofPort = ProofPort, ProofUserName = ProofUserName,
        ProofPassword = ProofPassword, ProofRunAs = ProofRunAs,
    };
}

internal sealed record PlanAnswer
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string ServerId { get; init; }

    public required string ServerName { get; init; }

    public required string RepositoryId { get; init; }

    public required string RepositoryName { get; init; }

    public required string Kind { get; init; }

    public string? Host { get; init; }

    public int? Port { get; init; }

    public string? UserName { get; init; }

    public required bool HasPassword { get; init; }

    public string? RunAs { get; init; }

    public required IReadOnlyList<string> Items { get; init; }

    public required bool Prove { get; init; }

    public string? ProofServerId { get; init; }

    public string? ProofHost { get; init; }

    public int? ProofPort { get; init; }

    public string? ProofUserName { get; init; }

    public required bool HasProofPassword { get; init; }

    public string? ProofRunAs { get; init; }

    /// Why the source could not be looked at.
    public string? SourceError { get; init; }

    public DateTimeOffset? LookedAt { get; init; }

    public string? LastBackupId { get; init; }

    public StageState? DumpState { get; init; }

    public StageState? StoreState { get; init; }

    public StageState? ProveState { get; init; }

    public DateTimeOffset? LastBackupAt { get; init; }

    public DateTimeOffset? LastProvenAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public static PlanAnswer Of(PlanRow row) => new()
    {
        Id = row.Id, Name = row.Name, ServerId = row.ServerId, ServerName = row.ServerName, RepositoryId = row.RepositoryId, RepositoryName = row.RepositoryName, Kind = row.Kind,
        Host = row.Host, Port = row.Port, UserName = row.UserName, HasPassword = row.PasswordSecret is not null, RunAs = row.RunAs, Items = row.ItemNames, Prove = row.Prove,
        ProofServerId = row.ProofServerId, ProofHost = row.ProofHost, ProofPort = row.ProofPort, ProofUserName = row.ProofUserName,
        HasProofPassword = row.ProofPasswordSecret is not null, ProofRunAs = row.ProofRunAs, SourceError = row.FoundError, LookedAt = row.FoundAt, LastBackupId = row.LastRunId, DumpState = row.DumpState, StoreState = row.StoreState,
        ProveState = row.ProveState, LastBackupAt = row.LastRunAt, LastProvenAt = row.LastProvenAt, CreatedAt = row.CreatedAt,
    };
}
