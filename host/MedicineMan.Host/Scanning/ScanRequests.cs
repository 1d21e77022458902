using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Scanning;

/// Asks for scans; a server whose scan still waits or runs gets no second one.
internal sealed class ScanRequests(Database database, JobQueue jobs, ServerStore servers, AuditLog audit)
{
    /// <returns>The job's id.</returns>
    public async Task<string> Request(OrganizationId organization, Actor actor, string serverId, CancellationToken cancel)
    {
        var server = await servers.Get(organization, serverId, cancel);
        return await database.Write(
            async transaction =>
            {
                var request = new JobRequest(organization.Value, ScanServer.JobType, $$"""{"server":"{{serverId}}"}""")
                {
                    Title = $"Scan {server.Name}", ServerId = serverId, RequestedBy = actor.Name, UniqueKey = $"scan:{serverId}", MaxAttempts = 2,
                };
                var job = await jobs.Enqueue(transaction, request, cancel);
                await audit.Record(transaction, organization, actor, new AuditEntry("scan.requested", "server", serverId, server.Name), cancel);
                return job;
            },
            cancel);
    }
}
