using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Host.Plugins.Capabilities;

/// Puts a plugin's own jobs into the queue, and nobody else's.
internal sealed class LentJobs(Grant grant, Lending lending, TimeProvider clock) : IJobs
{
    public async ValueTask<string> EnqueueAsync<TArguments>(string job, TArguments arguments, JobOptions? options, CancellationToken cancel)
    {
        await grant.Need("jobs", "start a job");
        var known = grant.Contributions.Jobs.FirstOrDefault(one => one.Id == job) ?? throw new UserFacingException($"{grant.Name} has registered no job \"{job}\".") { Permanent = true };
        var type = known.Arguments as JsonTypeInfo<TArguments>
            ?? throw new ArgumentException($"The job \"{job}\" was registered with arguments of the type {known.Arguments.Type.Name}, not {typeof(TArguments).Name}.", nameof(arguments));
        var rooms = lending.Rooms;
        var wanted = options ?? new JobOptions();
        var request = PluginJobs.Request(grant.Manifest, job, JsonSerializer.Serialize(arguments, type), wanted.UniqueKey) with
        {
            NotBefore = wanted.Delay == TimeSpan.Zero ? null : clock.GetUtcNow() + wanted.Delay, Priority = wanted.Priority, Deadline = wanted.Deadline,
        };
        return await rooms.Database.Write(transaction => rooms.Jobs.Enqueue(transaction, request, cancel), cancel);
    }
}
