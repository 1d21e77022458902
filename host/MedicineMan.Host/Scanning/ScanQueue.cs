using System.Text.Json;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Scanning;

/// Asks for a scan. Asking again while one is under way changes nothing.
internal sealed class ScanQueue(Database database, JobQueue jobs, AuditLog audit)
{
    /// <returns>The job's id.</returns>
    public Task<string> Enqueue(OrganizationId organization, Server server, Actor actor, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var job = await jobs.Enqueue(
                transaction,
                new JobRequest(organization.Value, ScanServer.JobType, JsonSerializer.Serialize(new { server = server.Id }))
                {
                    Title = $"Scan {server.Name}", ServerId = server.Id, RequestedBy = actor.Name, Priority = actor.Priority, UniqueKey = $"scan:{server.Id}", MaxAttempts = 3,
                    TimeLimit = TimeSpan.FromMinutes(15),
                },
                cancel);
            await audit.Record(transaction, organization, actor, new AuditEntry("server.scan-requested", "server", server.Id, server.Name), cancel);
            return job;
        },
        cancel);
}
