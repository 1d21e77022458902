using MedicineMan.Host.Backups.Proofs;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;
using MedicineMan.Repository;

namespace MedicineMan.Host.Backups.Repositories;

/// The job that creates a repository on its storage, or proves that an existing one opens with the password given. Safe to run again: an
/// existing repository that opens is left as it is.
internal sealed class PrepareRepository(RepositoryStore store, OpenRepositories repositories) : IJobHandler
{
    public const string JobType = "prepare-repository";

    public string Type => JobType;

    public async Task Run(JobRun job, CancellationToken cancel)
    {
        var organization = new OrganizationId(job.Organization);
        var row = await store.Get(organization, job.Arguments.GetProperty("repository").GetString()!, cancel);
        try
        {
            try
            {
                await repositories.Open(organization, row.Id, cancel);
            }
            catch (NotARepositoryException) when (job.Arguments.GetProperty("create").GetBoolean())
            {
                await repositories.Create(organization, row, cancel);
                job.Log("Created the repository, with a second key for the recovery kit.");
                await repositories.Open(organization, row.Id, cancel);
            }

            await store.RecordState(organization, row.Id, "ready", null, null, cancel);
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested)
        {
            await store.RecordState(organization, row.Id, "failed", Failures.Sentence(failure, cancel), null, cancel);
            throw;
        }
    }
}
