using MedicineMan.Sdk;

namespace MedicineMan.Host.Backups.Plans;

/// What the plan form sends, and how it becomes a plan. All that is wrong is said at once.
public sealed class PlanForm
{
    public string? Name { get; set; }

    public string? ServerId { get; set; }

    public string? RepositoryId { get; set; }

    public string? Kind { get; set; }

    public string? Service { get; set; }

    public string? Host { get; set; }

    public int? Port { get; set; }

    public string? UserName { get; set; }

    public string? Password { get; set; }

    public bool RemovePassword { get; set; }

    public string? RunAs { get; set; }

    /// One name a line; empty for all.
    public string? Items { get; set; }

    public bool Prove { get; set; } = true;

    public string? ProofServerId { get; set; }

    public string? ProofHost { get; set; }

    public int? ProofPort { get; set; }

    public string? ProofUserName { get; set; }

    public string? ProofPassword { get; set; }

    public bool RemoveProofPassword { get; set; }

    public string? ProofRunAs { get; set; }

    internal static PlanForm From(PlanRow plan) => new()
    {
        Name = plan.Name, ServerId = plan.ServerId, RepositoryId = plan.RepositoryId, Kind = plan.Kind, Service = plan.Service, Host = plan.Host, Port = plan.Port, UserName = plan.UserName, RunAs = plan.RunAs,
        Items = string.Join('\n', plan.ItemNames), Prove = plan.Prove, ProofServerId = plan.ProofServerId,
        ProofHost = plan.ProofHost, ProofPort = plan.ProofPort, ProofUserName = plan.ProofUserName, ProofRunAs = plan.ProofRunAs,
    };

    internal static PlanForm From(PlanSettings plan) => new()
    {
        Name = plan.Name, ServerId = plan.ServerId, RepositoryId = plan.RepositoryId, Kind = plan.Kind, Service = plan.Service, Host = plan.Host, Port = plan.Port, UserName = plan.UserName, RunAs = plan.RunAs,
    };

    internal PlanSettings Read()
    {
        var problems = new List<string>();
        void Need(bool given, string sentence)
        {
            if (!given)
            {
                problems.Add(sentence);
            }
        }

        Need(!string.IsNullOrWhiteSpace(Name) && Name.Trim().Length <= 100, "Give the plan a name of at most 100 characters.");
        Need(!string.IsNullOrEmpty(ServerId), "Choose the server.");
        Need(!string.IsNullOrEmpty(Kind), "Choose what is backed up.");
        Need(!string.IsNullOrEmpty(RepositoryId), "Choose the repository.");
        Need(Port is null or (> 0 and < 65536), "The port is a number from 1 to 65535.");
        Need(ProofPort is null or (> 0 and < 65536), "The port for the proof is a number from 1 to 65535.");
        if (problems.Count > 0)
        {
            throw new UserFacingException(string.Join(' ', problems)) { Permanent = true };
        }

        return new PlanSettings
        {
            Name = Name!.Trim(), ServerId = ServerId!, RepositoryId = RepositoryId!, Kind = Kind!, Service = Empty(Service), Host = Empty(Host), Port = Port, UserName = Empty(UserName),
            Password = RemovePassword ? "" : Empty(Password), RunAs = Empty(RunAs), Items = (Items ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), Prove = Prove,
            ProofServerId = Empty(ProofServerId), ProofHost = Empty(ProofHost), ProofPort = ProofPort, ProofUserName = Empty(ProofUserName),
            ProofPassword = RemoveProofPassword ? "" : Empty(ProofPassword), ProofRunAs = Empty(ProofRunAs),
        };
    }

    private static string? Empty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
