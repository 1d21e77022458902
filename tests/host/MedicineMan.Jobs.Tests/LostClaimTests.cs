using System.Data.Common;
using Dapper;
using MedicineMan.Jobs.TestWorker;
using MedicineMan.Testbed;

namespace MedicineMan.Jobs.Tests;

/// PostgreSQL crashes when a job was claimed but its claim may not be on the disk, while the worker that claimed it lives on.
public sealed class LostClaimTests
{
    // Nobody writes pages, and with them the log, on the side.
    private const string Forgetful = "fsync=off\nshared_buffers=64MB\nmax_connections=60\nbgwriter_lru_maxpages=0\nautovacuum=off";

    private const string EffectSql = "insert into effects (job_id, token, worker) values (@Id, @LeaseToken, '')";

    [SkippableTheory]
    // Tried again: the claim is gone, the run that came of it may not act, and the one after it does, under another token.
    [InlineData(5, null, 2)]
    // Only once: the claim stands, and so does its run.
    [InlineData(1, null, 1)]
    // Never beside another one with its key.
    [InlineData(5, "server", 1)]
    public async Task A_claim_before_a_crash_of_the_database_has_its_effect_once(int attempts, string? key, int runs)
    {
        await using var server = await PostgresServer.Start(Forgetful);
        await using var rig = await Rig.Start(Task.FromResult(new TestDatabase(SqlDialect.Postgres, $"{server.ConnectionString()};Pooling=true")));
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tokens = new List<long>();
        var acts = new List<Exception?>();
        rig.Handle("work", async (run, _) =>
        {
            bool first;
            lock (tokens)
            {
                tokens.Add(run.LeaseToken);
                first = tokens.Count == 1;
            }

            await (first ? goOn.Task : Task.CompletedTask);
            var refusal = await Record.ExceptionAsync(() => rig.Database.Write(transaction => Act(transaction, run), default));
            lock (acts)
            {
                acts.Add(refusal);
            }

            if (refusal is not null)
            {
                throw refusal;
            }
        });
        // Nothing it writes later may bring the claim to the disk by the way.
        await rig.Work(Rig.Quick with { Heartbeat = TimeSpan.FromHours(1), Report = TimeSpan.FromHours(1), Lease = TimeSpan.FromHours(2) });
        await Task.Delay(500);
        server.FreezeLogWriter();
        var id = await rig.Enqueue(with: request => request with { MaxAttempts = attempts, ConcurrencyKey = key });
        await Eventually.Holds(() => Task.FromResult(tokens.Count == 1));

        server.Restart();

        await Eventually.Holds(async () => await Back(rig) && (runs == 1 || tokens.Count == 2));
        goOn.SetResult();
        await Eventually.Holds(() => Task.FromResult(acts.Count == runs));
        var done = await rig.Until(id, JobState.Succeeded);

        Assert.Equal(runs, tokens.Distinct().Count());
        Assert.Equal(tokens.Order(), tokens);
        Assert.Equal(runs - 1, acts.Count(refusal => refusal is LeaseLostException));
        Assert.Equal((1, 0), (done.Attempt, done.Failures));
        Assert.Equal(tokens[^1], await rig.Database.Query<long>("select token from effects"));
        Assert.Equal(1, await rig.Database.Query<long>("select count(*) from effects"));
    }

    private static async Task<bool> Act(DbTransaction transaction, JobRun run)
    {
        await run.CheckLease(transaction, CancellationToken.None);
        await transaction.Connection!.ExecuteAsync(EffectSql, new { run.Id, run.LeaseToken }, transaction);
        return true;
    }

    private static async Task<bool> Back(Rig rig)
    {
        try
        {
            return await rig.Database.Query<long>("select count(*) from jobs") == 1;
        }
        catch (DbException)
        {
            // The server starts, or the pool had a connection from before.
            return false;
        }
    }
}
