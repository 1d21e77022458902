using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Host.Tests.Plugins;

/// A job run that keeps what the job said.
internal sealed class RecordedRun : IJobRun, IProgress<JobProgress>
{
    public List<string> Lines { get; } = [];

    public List<JobProgress> Reports { get; } = [];

    public string JobId => "1";

    public int Attempt => 1;

    public string? Checkpoint { get; private set; }

    public IProgress<JobProgress> Progress => this;

    public void Log(string message) => Lines.Add(message);

    public void Report(JobProgress value) => Reports.Add(value);

    public ValueTask SaveCheckpointAsync(string? checkpoint, CancellationToken cancel)
    {
        Checkpoint = checkpoint;
        return ValueTask.CompletedTask;
    }

    public ValueTask CheckLeaseAsync(CancellationToken cancel) => ValueTask.CompletedTask;
}
