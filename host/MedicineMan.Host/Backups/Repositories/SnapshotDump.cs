using System.IO.Pipelines;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Jobs;
using MedicineMan.Repository;
using MedicineMan.Sdk.Backups;
using SdkProgress = MedicineMan.Sdk.Jobs.JobProgress;

namespace MedicineMan.Host.Backups.Repositories;

/// Gives a provider the streams of a snapshot back; every byte is verified by the engine before it is handed out.
internal sealed class SnapshotDump(SnapshotTree snapshot, JobRun job, string stage) : IDumpReader
{
    private readonly ProviderProgress progress = new(job, stage);

    public IProgress<SdkProgress> Progress => progress;

    public async ValueTask<PipeReader> OpenAsync(IReadOnlyList<string> path, CancellationToken cancel) =>
        PipeReader.Create(await snapshot.OpenFile(StreamName.Path(path), cancel));

    public void Log(string message) => job.Log(message);

    private sealed class ProviderProgress(JobRun job, string stage) : IProgress<SdkProgress>
    {
        public void Report(SdkProgress value) => job.Progress(new JobProgress(stage, value.Done, value.Total, value.Unit, value.Detail ?? value.Stage));
    }
}
