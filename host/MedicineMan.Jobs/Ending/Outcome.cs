using System.Text.Json.Serialization;

namespace MedicineMan.Jobs.Ending;

/// How an attempt ended and what becomes of its job.
internal sealed record Outcome
{
    internal Outcome(ClaimedJob claim) => Claim = claim;

    [JsonIgnore]
    public ClaimedJob Claim { get; }

    public string Job => Claim.Id;

    public string Org => Claim.Organization;

    public long Token => Claim.Token;

    public required string NextState { get; init; }

    public required long Due { get; init; }

    public long? Ended { get; init; }

    public required int Fails { get; init; }

    /// Deaths of its worker in a row; 0 when it ended in any other way.
    public int Crashed { get; init; }

    public int Number => Claim.Attempt;

    public string ByWorker => Claim.Worker ?? "";

    public required long Started { get; init; }

    public required long Finished { get; init; }

    public required string Result { get; init; }

    public string? Message { get; init; }

    /// What dead jobs with this kind of error have in common.
    public string? Sign { get; init; }

    [JsonIgnore]
    public RunKey Key => Claim.Key;

    [JsonIgnore]
    public bool Succeeded => NextState == SucceededState;

    [JsonIgnore]
    public JobSignal Signal => new(NextState == ReadyState ? JobSignal.IsReady : JobSignal.IsChanged, Org, Job);

    private static readonly string SucceededState = JobState.Succeeded.Stored();
    private static readonly string ReadyState = JobState.Ready.Stored();
}
