using System.Collections.Concurrent;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Sdk.Testing.Lent;

/// <summary>The run of a job, which keeps what the job said.</summary>
public sealed class RecordedRun : IJobRun, IProgress<JobProgress>
{
    private readonly ConcurrentQueue<string> lines = new();
    private readonly ConcurrentQueue<JobProgress> reports = new();

    /// <inheritdoc/>
    public string JobId { get; init; } = "1";

    /// <inheritdoc/>
    public int Attempt { get; init; } = 1;

    /// <summary>True when another worker has taken the job over.</summary>
    public bool LeaseLost { get; set; }

    /// <summary>What an earlier attempt saved; what the job saves now is there afterwards.</summary>
    public string? Checkpoint { get; set; }

    /// <summary>Log lines so far.</summary>
    public IReadOnlyList<string> Lines => [.. lines];

    /// <summary>Progress reports so far.</summary>
    public IReadOnlyList<JobProgress> Reports => [.. reports];

    /// <inheritdoc/>
    public IProgress<JobProgress> Progress => this;

    /// <inheritdoc/>
    public void Log(string message) => lines.Enqueue(message);

    /// <inheritdoc/>
    public void Report(JobProgress value) => reports.Enqueue(value);

    /// <inheritdoc/>
    public async ValueTask SaveCheckpointAsync(string? checkpoint, CancellationToken cancel)
    {
        await CheckLeaseAsync(cancel);
        Checkpoint = checkpoint;
    }

    /// <inheritdoc/>
    public ValueTask CheckLeaseAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return LeaseLost ? throw new OperationCanceledException("Another worker has taken this job over.") : ValueTask.CompletedTask;
    }
}
