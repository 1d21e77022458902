using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Backups.Repositories;

/// The job that creates a repository on its storage, or makes sure that an existing one opens with the password given. Safe to run again: a
/// repository that is there and opens is left as it is.
internal sealed class PrepareRepository(RepositoryStore store, OpenRepositories repositories, SnapshotStore snapshots) : IJobHandler
{
    public const string JobType = "prepare-repository";

    public string Type => JobType;

    public async Task Run(JobRun job, CancellationToken cancel)
    {
        var organization = new OrganizationId(job.Organization);
        var row = await store.Get(organization, job.Arguments.GetProperty("repository").GetString()!, cancel);
        await repositories.Prepare(organization, row, cancel);
        await snapshots.Read(organization, Actor.Job(job.Id), row.Id, null, null, cancel);
        job.Log($"{row.Name} is ready in {row.Place}.");
    }
}
