using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Proofs;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Jobs;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Restores;

/// The job that restores one item. Running it again is safe: the provider builds under a scratch name of this restore, which is dropped first,
/// and the target gets its name only when it is complete.
internal sealed class RestoreBackup(RestoreStore restores, ScratchTargets scratch, Sources sources, OpenRepositories repositories, Providers providers) : IJobHandler
{
    public const string JobType = "restore-backup";

    public string Type => JobType;

    public JobPolicy Policy { get; } = new() { Repeatable = false };

    public async Task Run(JobRun job, CancellationToken cancel)
    {
        var organization = new OrganizationId(job.Organization);
        var restore = await restores.Get(organization, job.Arguments.GetProperty("restore").GetString()!, cancel);
        if (restore.State is StageState.Done)
        {
            return;
        }

        var actor = Actor.Job(job.Id);
        await restores.Started(organization, actor, restore, cancel);
        try
        {
            var report = await Restore(job, organization, restore, cancel);
            await restores.Finished(organization, actor, restore, StageState.Done, null, report, cancel);
        }
        catch (LeaseLostException)
        {
            throw;
        }
        catch (Exception failure) when (job.RunsAgainAfter(failure))
        {
            await restores.Postponed(organization, actor, restore, Failures.SentenceBetween(failure, cancel), CancellationToken.None);
            throw;
        }
        catch (Exception failure)
        {
            var state = cancel.IsCancellationRequested ? StageState.Cancelled : StageState.Failed;
            await restores.Finished(organization, actor, restore, state, Failures.Sentence(failure, cancel), null, CancellationToken.None);
            throw;
        }
    }

    private async Task<RestoreReport> Restore(JobRun job, OrganizationId organization, RestoreRow restore, CancellationToken cancel)
    {
        var provider = providers.Get<IBackupProvider>(restore.Kind);
        var repository = await repositories.Open(organization, restore.RepositoryId, cancel);
        await using var snapshot = await repository.OpenSnapshot(restore.SnapshotId, cancel);
        var target = await sources.Of(organization, restore, Actor.Job(job.Id), cancel);
        var work = $"medicineman_restore_{restore.Id[^12..]}";
        var options = new RestoreOptions(restore.Item, restore.Target)
        {
            Objects = restore.ObjectNames, Replace = restore.ReplaceExisting, DryRun = restore.DryRun, WorkName = work,
        };
        var dump = new SnapshotDump(snapshot, job, "restore");
        if (restore.DryRun)
        {
            return await provider.RestoreAsync(target, options, dump, cancel);
        }

        await using var leased = await scratch.Take(organization, job, restore.Kind, null, restore.Id, target, provider, work, cancel);
        await job.CheckLease(cancel);
        return await provider.RestoreAsync(target, options, dump, cancel);
    }
}
