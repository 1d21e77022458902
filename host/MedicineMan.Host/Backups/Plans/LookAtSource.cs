using MedicineMan.Host.Audit;
using System.Text.Json;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Jobs;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Plans;

/// The job that looks at a plan's source and at where its proofs go: can we connect, what is there, how large. It only reads, so running it again is safe.
internal sealed class LookAtSource(PlanStore plans, Sources sources, Providers providers) : IJobHandler
{
    public const string JobType = "look-at-source";

    public string Type => JobType;

    public async Task Run(JobRun job, CancellationToken cancel)
    {
        var organization = new OrganizationId(job.Organization);
        var plan = await plans.Get(organization, job.Arguments.GetProperty("plan").GetString()!, cancel);
        try
        {
            var provider = providers.Get<IBackupProvider>(plan.Kind);
            var found = await provider.DiscoverAsync(await sources.Of(organization, plan, Actor.Job(job.Id), cancel), cancel);
            await plans.RecordFound(organization, Actor.Job(job.Id), plan.Id, JsonSerializer.Serialize(found), await Unprovable(organization, plan, provider, job, cancel), cancel);
            job.Log($"Found {string.Join(", ", found.Select(item => item.Name))}.");
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested)
        {
            await plans.RecordFound(organization, Actor.Job(job.Id), plan.Id, null, Failures.Sentence(failure, cancel), cancel);
            throw;
        }
    }

    /// Why proofs could not reach their target; null when they can, or go where the backup comes from.
    private async Task<string?> Unprovable(OrganizationId organization, PlanRow plan, IBackupProvider provider, JobRun job, CancellationToken cancel)
    {
        if (!plan.Prove || plan.ProvesAtHome)
        {
            return null;
        }

        try
        {
            await provider.DiscoverAsync(await sources.OfProof(organization, plan, Actor.Job(job.Id), cancel), cancel);
            return null;
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested)
        {
            return $"The backup can be made, but not proven where its proofs go: {Failures.Sentence(failure, cancel)}";
        }
    }
}
