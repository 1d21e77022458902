using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Backups.Plans;

/// Turns what a plan or a restore says about a data store into a connection through the server's command runner.
internal sealed class Sources(ServerRunners runners)
{
    public async Task<BackupSource> Of(OrganizationId organization, PlanRow plan, Actor actor, CancellationToken cancel) =>
        new(await runners.For(organization, plan.ServerId, actor, $"backup of {plan.Name}", cancel))
        {
            Host = plan.Host,
            Port = plan.Port,
            UserName = plan.UserName,
            Password = plan.PasswordSecret is null ? null : new SecretRef(plan.PasswordSecret),
            RunAs = plan.RunAs,
        };

    /// Where proofs restore to: the plan's own server with its own connection, or another server with its default one.
    public async Task<BackupSource> OfProof(OrganizationId organization, PlanRow plan, Actor actor, CancellationToken cancel) =>
        plan.ProofServerId is null || plan.ProofServerId == plan.ServerId
            ? await Of(organization, plan, actor, cancel)
            : new BackupSource(await runners.For(organization, plan.ProofServerId, actor, $"proof of {plan.Name}", cancel)) { RunAs = plan.RunAs };

    public async Task<BackupSource> Of(OrganizationId organization, RestoreRow restore, Actor actor, CancellationToken cancel) =>
        new(await runners.For(organization, restore.ServerId, actor, $"restore of {restore.Target}", cancel))
        {
            Host = restore.Host,
            Port = restore.Port,
            UserName = restore.UserName,
            Password = restore.PasswordSecret is null ? null : new SecretRef(restore.PasswordSecret),
            RunAs = restore.RunAs,
        };
}
