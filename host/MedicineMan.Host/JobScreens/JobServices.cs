using MedicineMan.Host.Backups;
using MedicineMan.Host.Data;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Setup;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs.Pausing;
using MedicineMan.Jobs;

namespace MedicineMan.Host.JobScreens;

/// The job engine in this host: its queue for those who ask, its worker for those who are asked.
internal static class JobServices
{
    public static void AddJobs(this IServiceCollection services)
    {
        services.AddSingleton<IJobDatabase>(provider => provider.GetRequiredService<Database>());
        services.AddSingleton<JobChanges>().AddSingleton<JobQueue>().AddSingleton<JobMonitor>().AddSingleton<JobPauses>().AddSingleton<JobActions>().AddSingleton<IJobHandler, RetryDeadJobs>();
        services.AddSingleton(provider => new JobWorkerOptions
        {
            Concurrency = provider.GetRequiredService<HostSettings>().NoWorker ? 0 : provider.GetRequiredService<HostSettings>().Worker?.Concurrency ?? Math.Max(4, Environment.ProcessorCount * 2),
            Queues = provider.GetRequiredService<HostSettings>().Worker?.Queues,
            NodeFile = provider.GetRequiredService<DataDirectory>()[provider.GetRequiredService<HostSettings>().Worker is null ? "node" : "worker"],
            Classify = Failures.Classify,
            Version = Serve.Version,
        });
        services.AddSingleton<JobHandlers>().AddSingleton<JobWorker>();
        services.AddHostedService<JobHost>();
    }
}

/// Runs the worker while the host runs. It starts after the plugins, so that the first job finds its provider.
internal sealed class JobHost(JobWorker worker, JobHandlers handlers, IEnumerable<IJobHandler> known, PluginJobs plugins) : IHostedService
{
    public async Task StartAsync(CancellationToken cancel)
    {
        foreach (var handler in known)
        {
            handlers.Register(handler);
        }

        // Plugins come and go: who runs their jobs is asked anew for each. One that nobody has now is kept until its plugin is back.
        handlers.Others = type => plugins.All().FirstOrDefault(job => job.Type == type) is { } job ? new PluginJobHandler(job, plugins) : null;

        await worker.StartAsync(cancel);
    }

    public Task StopAsync(CancellationToken cancel) => worker.StopAsync(cancel);
}

/// A plugin's job as the queue sees it.
internal sealed class PluginJobHandler(PluginJob job, PluginJobs plugins) : IJobHandler
{
    public string Type => job.Type;

    public JobPolicy Policy { get; } = new() { PerSecond = job.Declared.PerMinute / 60.0, RetryBase = job.Declared.FirstBackoff, RetryCap = job.Declared.LongestBackoff };

    public Task Run(JobRun run, CancellationToken cancel) => plugins.Run(job.Type, run.Arguments, new PluginRun(run), cancel);

    public void Abandoned(string reason) => plugins.Abandoned(job.Type, reason);

    private sealed class PluginRun(JobRun run) : Sdk.Jobs.IJobRun, IProgress<Sdk.Jobs.JobProgress>
    {
        public string JobId => run.Id;

        public int Attempt => run.Attempt;

        public IProgress<Sdk.Jobs.JobProgress> Progress => this;

        public string? Checkpoint => run.Checkpoint;

        public ValueTask SaveCheckpointAsync(string? checkpoint, CancellationToken cancel) => new(run.SaveCheckpoint(checkpoint, cancel));

        public void Log(string message) => run.Log(message);

        public ValueTask CheckLeaseAsync(CancellationToken cancel) => new(run.CheckLease(cancel));

        public void Report(Sdk.Jobs.JobProgress value) => run.Progress(new JobProgress(value.Stage, value.Done, value.Total, value.Unit, value.Detail));
    }
}
