using System.Text.Json;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;
using JobGroupRequest = MedicineMan.Jobs.Grouping.JobGroupRequest;

namespace MedicineMan.Host.Plugins.Capabilities;

/// Puts a plugin's own jobs into the queue, and nobody else's.
internal sealed class LentJobs(Grant grant, Lending lending, TimeProvider clock) : IJobs
{
    public async ValueTask<string> EnqueueAsync<TArguments>(string job, TArguments arguments, JobOptions? options, CancellationToken cancel)
    {
        await grant.Need("jobs", "start a job");
        var request = Request(job, arguments, typeof(TArguments), options);
        var rooms = lending.Rooms;
        return await rooms.Database.Write(transaction => rooms.Jobs.Enqueue(transaction, request, cancel), cancel);
    }

    public async ValueTask<string> EnqueueGroupAsync(JobGroup group, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(group);
        await grant.Need("jobs", "start jobs");
        var request = new JobGroupRequest(OrganizationId.Default.Value, group.Title, [.. group.Jobs.Select(Request)])
        {
            Continuation = group.Continuation is null ? null : Request(group.Continuation), OnlyAfterSuccess = group.OnlyAfterSuccess,
        };
        var rooms = lending.Rooms;
        return await rooms.Database.Write(transaction => rooms.Jobs.EnqueueGroup(transaction, request, cancel), cancel);
    }

    private JobRequest Request(GroupedJob job) => Request(job.Job, job.Arguments, job.Arguments.GetType(), job.Options);

    private JobRequest Request(string job, object? arguments, Type given, JobOptions? options)
    {
        var known = grant.Contributions.Jobs.FirstOrDefault(one => one.Id == job) ?? throw new UserFacingException($"{grant.Name} has registered no job \"{job}\".") { Permanent = true };
        if (known.Arguments.Type != given)
        {
            throw new ArgumentException($"The job \"{job}\" was registered with arguments of the type {known.Arguments.Type.Name}, not {given.Name}.", nameof(arguments));
        }

        var wanted = options ?? new JobOptions();
        return PluginJobs.Request(grant.Manifest, job, JsonSerializer.Serialize(arguments, known.Arguments), wanted.UniqueKey) with
        {
            NotBefore = wanted.Delay == TimeSpan.Zero ? null : clock.GetUtcNow() + wanted.Delay, Priority = wanted.Priority, Deadline = wanted.Deadline,
        };
    }
}
