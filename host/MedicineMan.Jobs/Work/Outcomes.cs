using System.Data.Common;
using System.Text.Json.Serialization;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Work;

/// Ends attempts. The fencing token is in the where clause: an outcome whose lease is gone changes nothing.
internal sealed class Outcomes(SqlDialect dialect, JobChanges changes)
{
    private static readonly string[] Columns =
    [
        "job text", "org text", "token bigint", "next_state text", "due bigint", "ended bigint", "fails integer", "number integer",
        "by_worker text", "started bigint", "finished bigint", "result text", "message text",
    ];

    private readonly string endSql = $"""
        update jobs set due_at = due, failures = fails, error = message, lease_until = null,
            state = case when cancel_requested = 1 and ended is null then 'cancelled' else next_state end,
            ended_at = case when cancel_requested = 1 and ended is null then finished else ended end
        from {Statements.Items(dialect, Columns)}
        where id = job and organization_id = org and lease_token = token and state = 'running'
        returning id as Job, lease_token as Token
        """;

    private readonly string attemptSql = $"""
        insert into job_attempts (organization_id, job_id, number, worker, started_at, ended_at, outcome, error)
        select org, job, number, by_worker, started, finished, result, message from {Statements.Items(dialect, Columns)}
        """;

    /// Returns the runs whose outcome counted. A job that was asked to stop is not tried again, whatever the outcome says.
    public async Task<IReadOnlySet<RunKey>> Apply(DbTransaction transaction, IReadOnlyList<Outcome> outcomes, CancellationToken cancel)
    {
        var accepted = (await transaction.Rows<RunKey>(endSql, new { rows = Statements.Json(outcomes) }, cancel)).ToHashSet();
        if (accepted.Count > 0)
        {
            var counted = outcomes.Where(outcome => accepted.Contains(outcome.Key)).ToList();
            await transaction.Run(attemptSql, new { rows = Statements.Json(counted) }, cancel);
            await changes.Announce(transaction, counted.Select(outcome => outcome.Signal), cancel);
        }

        return accepted;
    }
}

/// How an attempt ended and what becomes of its job.
internal sealed record Outcome
{
    public required string Job { get; init; }

    public required string Org { get; init; }

    public required long Token { get; init; }

    public required string NextState { get; init; }

    public required long Due { get; init; }

    public long? Ended { get; init; }

    public required int Fails { get; init; }

    public required int Number { get; init; }

    public required string ByWorker { get; init; }

    public required long Started { get; init; }

    public required long Finished { get; init; }

    public required string Result { get; init; }

    public string? Message { get; init; }

    [JsonIgnore]
    public RunKey Key => new() { Job = Job, Token = Token };

    [JsonIgnore]
    public JobSignal Signal => new(NextState == JobState.Ready.Stored() ? JobSignal.IsReady : JobSignal.IsChanged, Org, Job);
}

/// A run of a job: one worker can for a while hold two of the same job, an old one that lost its lease and the new one.
internal sealed record RunKey
{
    public required string Job { get; init; }

    public required long Token { get; init; }
}
