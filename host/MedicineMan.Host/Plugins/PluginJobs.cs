using System.Text.Json;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Jobs;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Host.Plugins;

/// The jobs of the plugins in use, under names the queue can store: "plugin:{plugin}/{job}". A name and JSON are all that waits in the queue, so
/// a job outlives a restart and an upgrade of its plugin.
internal sealed class PluginJobs(PluginCatalogue catalogue)
{
    private const string Prefix = "plugin:";

    public IReadOnlyList<PluginJob> All() =>
        [.. catalogue.Active.SelectMany(plugin => plugin.Contributions.Jobs.Select(job => new PluginJob(TypeOf(plugin, job), plugin.Manifest.Jobs.First(one => one.Id == job.Id))))];

    public static bool IsPluginJob(string type) => type.StartsWith(Prefix, StringComparison.Ordinal);

    /// Runs a job by its stored name.
    /// <exception cref="UserFacingException">No plugin in use has such a job, or the plugin's own sentence.</exception>
    public async Task Run(string type, JsonElement arguments, IJobRun run, CancellationToken cancel)
    {
        var (plugin, job) = Find(type);
        if (plugin is null)
        {
            throw new UserFacingException($"No running plugin has the job \"{type}\". See Settings, Plugins, then retry the job.");
        }

        await plugin.Call($"job {job.Id}", async (services, either) =>
        {
            await job.Run(services, arguments, run, either);
            return true;
        }, cancel);
    }

    /// Counts against its plugin that a job went on after it was asked to stop.
    public void Abandoned(string type, string reason)
    {
        if (Find(type) is ({ } plugin, var job))
        {
            plugin.Entry.Record($"job {job.Id}", new TimeoutException(reason));
        }
    }

    /// What the queue is asked for when a plugin, or the clock for it, starts one of its jobs.
    public static JobRequest Request(PluginManifest manifest, string job, string arguments, string? uniqueKey)
    {
        var type = $"{Prefix}{manifest.Id}/{job}";
        var declared = manifest.Jobs.First(one => one.Id == job);
        return new JobRequest(OrganizationId.Default.Value, type, arguments)
        {
            Title = $"{manifest.Name}: {job}",
            RequestedBy = manifest.Name,
            UniqueKey = uniqueKey is null ? null : $"{type}:{uniqueKey}",
            ConcurrencyKey = declared.Concurrency is null ? null : type,
            ConcurrencyLimit = declared.Concurrency ?? 1,
            MaxAttempts = declared.MaxAttempts ?? 5,
            TimeLimit = declared.TimeLimit,
        };
    }

    private (LoadedPlugin? Plugin, JobContribution Job) Find(string type) =>
        catalogue.Active.SelectMany(plugin => plugin.Contributions.Jobs.Select(job => (plugin, job))).FirstOrDefault(one => TypeOf(one.plugin, one.job) == type);

    private static string TypeOf(LoadedPlugin plugin, JobContribution job) => $"{Prefix}{plugin.Manifest.Id}/{job.Id}";
}

internal sealed record PluginJob(string Type, JobDeclaration Declared);
