using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Shell;
using MedicineMan.Jobs;
using MedicineMan.Repository;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Backups.Runs;

/// The job that dumps a plan's items into its repository. Running it again is safe: the snapshot carries the run's id, so an attempt
/// that died between the commit and the record finds its snapshot and adopts it instead of writing a second one.
internal sealed class BackUp(
    RunStore runs, PlanStore plans, RunRecord record, Sources sources, OpenRepositories repositories, Providers providers, TimeProvider time) : IJobHandler
{
    public const string JobType = "back-up";

    /// As schedules name it.
    public const string Action = "back-up";

    public string Type => JobType;

    public JobPolicy Policy { get; } = new() { Repeatable = false };

    public async Task Run(JobRun job, CancellationToken cancel)
    {
        var organization = new OrganizationId(job.Organization);
        var run = await runs.Get(organization, job.Arguments.GetProperty("run").GetString()!, cancel);
        if (run.StoreState is StageState.Done)
        {
            return;
        }

        var actor = Actor.Job(job.Id);
        await record.Started(organization, actor, run, cancel);
        run = await runs.Get(organization, run.Id, cancel);
        var stage = new Stages();
        try
        {
            var stored = await DumpAndStore(job, organization, run, stage, cancel);
            await record.Stored(organization, actor, run, stored, job.Priority, cancel);
            job.Log($"Stored snapshot {stored.SnapshotId[..8]}: {Size.Text(stored.ReadBytes)} read, {Size.Text(stored.StoredBytes)} stored.");
        }
        catch (LeaseLostException)
        {
            throw;
        }
        catch (Exception failure) when (job.RunsAgainAfter(failure))
        {
            await record.Postponed(organization, actor, run, Failures.SentenceBetween(failure, cancel), CancellationToken.None);
            throw;
        }
        catch (Exception failure)
        {
            var (dump, store) = stage.After(failure, cancel.IsCancellationRequested);
            await record.Failed(organization, actor, run, dump, store, Failures.Sentence(failure, cancel), CancellationToken.None);
            throw;
        }
    }

    private async Task<StoredDump> DumpAndStore(JobRun job, OrganizationId organization, RunRow run, Stages stage, CancellationToken cancel)
    {
        var plan = await plans.Get(organization, run.PlanId, cancel);
        var provider = providers.Get<IBackupProvider>(plan.Kind);
        var repository = await repositories.Open(organization, run.RepositoryId, cancel);
        if (await DumpDocument.FindRun(repository, run.Id, cancel) is { } earlier)
        {
            job.Log("An earlier attempt had stored this run's snapshot before it died; it is taken over.");
            return earlier;
        }

        var source = await sources.Of(organization, plan, Actor.Job(job.Id), cancel);
        var items = run.ItemNames.Count > 0 ? run.ItemNames : [.. (await provider.DiscoverAsync(source, cancel)).Select(item => item.Name)];
        var taken = time.GetUtcNow();
        var options = new SnapshotOptions
        {
            Host = plan.ServerName,
            Paths = [$"/{plan.Kind}/{plan.Name}"],
            Tags = [$"run:{run.Id}", $"plan:{plan.Id}"],
            Time = taken,
            Parent = await DumpDocument.LastOf(repository, plan.Id, cancel),
        };
        await using var session = await repository.BeginSnapshot(options, cancel);
        var writer = new DumpIntoSnapshot(session, job, stage);
        job.Log($"Dumping {string.Join(", ", items)} from {plan.ServerName}.");
        var report = await provider.DumpAsync(source, items, writer, cancel);
        await record.Dumped(organization, Actor.Job(job.Id), run, cancel);
        stage.Dumped = true;
        await DumpDocument.Write(session, plan, run, report, cancel);

        // The snapshot alone commits: nobody else may hold this run by now.
        await job.CheckLease(cancel);
        job.Progress(new JobProgress("store", session.Statistics.BytesRead, session.Statistics.BytesRead, "bytes", "index and snapshot"));
        var snapshot = await session.Commit(cancel);
        var statistics = snapshot.Statistics;
        return new StoredDump(
            snapshot.Id.ToString(), taken, options.Host, options.Paths, options.Tags, statistics.BytesRead, statistics.BytesNew, statistics.BytesStored, report);
    }

    /// Which truth a failure belongs to: the storage's failures are the store's, all others the dump's.
    internal sealed class Stages
    {
        public bool Dumped { get; set; }

        public Exception? StoreFailure { get; set; }

        public (StageState Dump, StageState Store) After(Exception failure, bool cancelled) => (cancelled, Dumped, StoreFailure is not null || failure is StorageException) switch
        {
            (true, true, _) => (StageState.Done, StageState.Cancelled),
            (true, _, _) => (StageState.Cancelled, StageState.Cancelled),
            (_, true, _) => (StageState.Done, StageState.Failed),
            (_, _, true) => (StageState.Cancelled, StageState.Failed),
            _ => (StageState.Failed, StageState.Skipped),
        };
    }
}
