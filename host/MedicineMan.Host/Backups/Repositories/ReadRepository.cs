using System.Text.Json;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Backups.Repositories;

/// The job that reads a repository for the pages: the list of its snapshots, or one folder of one.
/// It changes nothing there, so running it again is safe; backups of ours that nobody here knows are adopted on the way.
internal sealed class ReadRepository(OpenRepositories repositories, SnapshotStore snapshots, AdoptRuns adopt) : IJobHandler
{
    public const string JobType = "read-repository";

    public string Type => JobType;

    public async Task Run(JobRun job, CancellationToken cancel)
    {
        var organization = new OrganizationId(job.Organization);
        var wanted = job.Arguments.Deserialize<Arguments>(JsonSerializerOptions.Web)!;
        try
        {
            var repository = await repositories.Open(organization, wanted.Repository, cancel);
            if (wanted.Snapshot is null)
            {
                var rows = new List<SnapshotRow>();
                await foreach (var snapshot in repository.Snapshots(cancel))
                {
                    rows.Add(new SnapshotRow
                    {
                        SnapshotId = snapshot.Id.ToString(), TakenAt = snapshot.Time, Host = snapshot.Host, Paths = JsonSerializer.Serialize(snapshot.Paths), Tags = JsonSerializer.Serialize(snapshot.Tags),
                    });
                }

                await snapshots.Replace(organization, wanted.Repository, rows, cancel);
                await adopt.From(organization, Actor.Job(job.Id), wanted.Repository, repository, rows, cancel);
                return;
            }

            var path = wanted.Path ?? "/";
            await using var tree = await repository.OpenSnapshot(wanted.Snapshot, cancel);
            var entries = await tree.List(path.Split('/', StringSplitOptions.RemoveEmptyEntries), cancel);
            await snapshots.SaveListing(
                organization, wanted.Repository, wanted.Snapshot, path, [.. entries.Select(entry => new SnapshotEntry(entry.Name, entry.IsDirectory, entry.Size))], null, cancel);
        }
        catch (Exception failure) when (wanted.Snapshot is not null && !cancel.IsCancellationRequested)
        {
            await snapshots.SaveListing(organization, wanted.Repository, wanted.Snapshot, wanted.Path ?? "/", null, Failures.Sentence(failure, cancel), cancel);
            throw;
        }
    }

    internal sealed record Arguments(string Repository, string? Snapshot, string? Path);
}
