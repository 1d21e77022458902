using System.IO.Pipelines;
using MedicineMan.Jobs;
using MedicineMan.Repository;
using MedicineMan.Repository.Chunking;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Storage;
using SdkProgress = MedicineMan.Sdk.Jobs.JobProgress;

namespace MedicineMan.Host.Backups.Runs;

/// Takes a provider's named streams into a snapshot and shows how far they are.
internal sealed class DumpIntoSnapshot(SnapshotSession session, JobRun job, BackUp.Stages stage) : IDumpWriter
{
    private readonly DumpProgress progress = new(job, "dump", () => session.Statistics.BytesRead);

    public IProgress<SdkProgress> Progress => progress;

    public async Task WriteAsync(IReadOnlyList<string> path, PipeReader content, CancellationToken cancel)
    {
        progress.At(path[^1]);
        try
        {
            await session.AddStream(StreamName.Path(path), content, ChunkProfile.Stream, cancel);
        }
        catch (StorageException failure)
        {
            stage.StoreFailure = failure;
            throw;
        }
    }

    public void Log(string message) => job.Log(message);
}

/// Bytes are counted by the engine; the provider adds what it alone knows: the total and the object it is at.
internal sealed class DumpProgress(JobRun job, string stage, Func<long> done) : IProgress<SdkProgress>
{
    private long? total;

    public void Report(SdkProgress value)
    {
        total = value.Total ?? total;
        job.Progress(new JobProgress(stage, done(), total, "bytes", value.Detail));
    }

    public void At(string detail) => job.Progress(new JobProgress(stage, done(), total, "bytes", detail));
}
