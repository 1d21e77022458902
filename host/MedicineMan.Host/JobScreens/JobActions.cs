using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Data;
using MedicineMan.Jobs;

namespace MedicineMan.Host.JobScreens;

/// What a person may do to a job, each with its audit entry in the same transaction.
internal sealed class JobActions(Database database, JobQueue jobs, Settlement settlement, AuditLog audit)
{
    /// <returns>False when the job has ended already.</returns>
    public Task<bool> Cancel(Visitor visitor, string job, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var done = await jobs.Cancel(transaction, visitor.Organization.Value, job, cancel);
                if (done)
                {
                    await settlement.Settle(transaction, cancel);
                    await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("job.cancelled", "job", job, job), cancel);
                }

                return done;
            },
            cancel);

    /// <returns>False when the job is not in a state to be run again.</returns>
    public Task<bool> Retry(Visitor visitor, string job, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var done = await jobs.Retry(transaction, visitor.Organization.Value, job, cancel);
                if (done)
                {
                    await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("job.retried", "job", job, job), cancel);
                }

                return done;
            },
            cancel);
}
