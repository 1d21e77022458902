using System.IO.Pipelines;
using System.Text.Json;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Repository;
using MedicineMan.Repository.Chunking;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Runs;

/// The file medicineman.json at the root of each of our snapshots: what the dump holds, in words another program can read. With it a
/// snapshot explains itself on a machine that has never seen the database.
internal sealed record DumpDocument
{
    public const string FileName = "medicineman.json";

    public int Format { get; init; } = 1;

    public required string Kind { get; init; }

    public required string Plan { get; init; }

    public required string Server { get; init; }

    public required string Run { get; init; }

    public required DumpReport Report { get; init; }

    public static async Task Write(SnapshotSession session, PlanRow plan, RunRow run, DumpReport report, CancellationToken cancel)
    {
        var document = new DumpDocument { Kind = plan.Kind, Plan = plan.Name, Server = plan.ServerName, Run = run.Id, Report = report };
        using var content = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(document, JsonSerializerOptions.Web));
        await session.AddStream([FileName], PipeReader.Create(content), ChunkProfile.Stream, cancel);
    }

    /// Null for a snapshot that is not one of ours.
    public static async Task<DumpDocument?> Read(BackupRepository repository, string snapshot, CancellationToken cancel)
    {
        await using var tree = await repository.OpenSnapshot(snapshot, cancel);
        if (await tree.Find([FileName], cancel) is null)
        {
            return null;
        }

        await using var content = await tree.OpenFile([FileName], cancel);
        return await JsonSerializer.DeserializeAsync<DumpDocument>(content, JsonSerializerOptions.Web, cancel);
    }

    /// The plan's newest snapshot, which the next one may build on; null when there is none.
    public static async Task<ObjectId?> LastOf(BackupRepository repository, string plan, CancellationToken cancel)
    {
        ObjectId? last = null;
        await foreach (var snapshot in repository.Snapshots(cancel))
        {
            last = snapshot.Tags.Contains($"plan:{plan}") ? snapshot.Id : last;
        }

        return last;
    }

    /// The snapshot that an earlier attempt of the run has committed, if it got that far.
    public static async Task<StoredDump?> FindRun(BackupRepository repository, string run, CancellationToken cancel)
    {
        await foreach (var snapshot in repository.Snapshots(cancel))
        {
            if (snapshot.Tags.Contains($"run:{run}") && await Read(repository, snapshot.Id.ToString(), cancel) is { } document)
            {
                var bytes = document.Report.Items.SelectMany(item => item.Objects).Sum(o => o.Bytes);
                return new StoredDump(snapshot.Id.ToString(), snapshot.Time, snapshot.Host, snapshot.Paths, snapshot.Tags, bytes, 0, 0, document.Report);
            }
        }

        return null;
    }
}
