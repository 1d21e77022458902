using System.Diagnostics;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Jobs;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Proofs;

/// The job that turns "stored" into "proven": restores each item into a scratch target, compares it with what was captured, measures, and
/// drops the scratch target. Running it again is safe: scratch names belong to the run and are dropped before they are made.
internal sealed class ProveBackup(
    RunStore runs, PlanStore plans, RunRecord record, ScratchTargets scratch, Sources sources, OpenRepositories repositories, Providers providers) : IJobHandler
{
    public const string JobType = "prove-backup";

    public string Type => JobType;

    public JobPolicy Policy { get; } = new() { Repeatable = false };

    public async Task Run(JobRun job, CancellationToken cancel)
    {
        var organization = new OrganizationId(job.Organization);
        var run = await runs.Get(organization, job.Arguments.GetProperty("run").GetString()!, cancel);
        var actor = Actor.Job(job.Id);
        await record.Proving(organization, actor, run, cancel);
        try
        {
            await record.Proven(organization, actor, run, await Prove(job, organization, run, cancel), cancel);
        }
        catch (LeaseLostException)
        {
            throw;
        }
        catch (Exception failure) when (job.RunsAgainAfter(failure))
        {
            await record.ProofPostponed(organization, actor, run, Failures.SentenceBetween(failure, cancel), CancellationToken.None);
            throw;
        }
        catch (Exception failure)
        {
            var state = cancel.IsCancellationRequested ? StageState.Cancelled : StageState.Failed;
            var outcome = new ProofOutcome(state, Failures.Sentence(failure, cancel), new Dictionary<string, long>(), [], TimeSpan.Zero, TimeSpan.Zero);
            await record.Proven(organization, actor, run, outcome, CancellationToken.None);
            throw;
        }
    }

    private async Task<ProofOutcome> Prove(JobRun job, OrganizationId organization, RunRow run, CancellationToken cancel)
    {
        var plan = await plans.Get(organization, run.PlanId, cancel);
        var provider = providers.Get<IBackupProvider>(plan.Kind);
        var repository = await repositories.Open(organization, run.RepositoryId, cancel);
        await using var snapshot = await repository.OpenSnapshot(run.SnapshotId!, cancel);
        var target = await sources.OfProof(organization, plan, Actor.Job(job.Id), cancel);
        var compared = new Dictionary<string, long>();
        var differences = new List<ProofDifference>();
        var (restoring, comparing) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (var (index, item) in run.ItemNames.Index())
        {
            var name = $"medicineman_proof_{run.Id[^12..]}_{index}";
            var dump = new SnapshotDump(snapshot, job, "prove");
            await using var leased = await scratch.Take(organization, job, plan.Kind, plan.Id, null, target, provider, name, cancel);
            job.Log($"Restoring {item} into the scratch database {name}.");
            var clock = Stopwatch.StartNew();
            await provider.RestoreAsync(target, new RestoreOptions(item, name) { Scratch = true }, dump, cancel);
            restoring += clock.Elapsed;
            clock.Restart();
            var report = await provider.CompareAsync(target, name, item, dump, cancel);
            comparing += clock.Elapsed;
            differences.AddRange(report.Differences.Select(difference => difference with { Name = $"{item}: {difference.Name}" }));
            foreach (var (what, count) in report.Compared)
            {
                compared[what] = compared.GetValueOrDefault(what) + count;
            }
        }

        var state = differences.Count == 0 ? StageState.Done : StageState.Failed;
        var error = differences.Count == 0
            ? null
            : $"The restored copy differs from the original in {differences.Count} place(s); the first: {differences[0].Name}: expected {differences[0].Expected}, found {differences[0].Found}.";
        return new ProofOutcome(state, error, compared, differences, restoring, comparing);
    }
}
