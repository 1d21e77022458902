using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Servers;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Backups.Plans;

/// Turns what a plan or a restore says about a data store into a connection through the server's command runner.
internal sealed class Sources(ServerRunners runners, ServerStore servers, ScanStore scans)
{
    public async Task<BackupSource> Of(OrganizationId organization, PlanRow plan, Actor actor, CancellationToken cancel) =>
        new(await runners.For(organization, plan.ServerId, actor, $"backup of {plan.Name}", cancel))
        {
            Host = plan.Host, Port = plan.Port, UserName = plan.UserName, Password = Secret(plan.PasswordSecret), RunAs = plan.RunAs,
        };

    /// Where proofs restore to: over the connection entered for them; otherwise the backup's own, or on another server the one its scan found.
    public async Task<BackupSource> OfProof(OrganizationId organization, PlanRow plan, Actor actor, CancellationToken cancel)
    {
        if (plan.ProvesAtHome)
        {
            return await Of(organization, plan, actor, cancel);
        }

        var server = plan.ProofServerId ?? plan.ServerId;
        var target = new BackupSource(await runners.For(organization, server, actor, $"proof of {plan.Name}", cancel))
        {
            Host = plan.ProofHost, Port = plan.ProofPort, UserName = plan.ProofUserName, Password = Secret(plan.ProofPasswordSecret), RunAs = plan.ProofRunAs,
        };
        return plan.HasProofConnection ? target : await AsFound(organization, server, plan.Kind, target, cancel);
    }

    public async Task<BackupSource> Of(OrganizationId organization, RestoreRow restore, Actor actor, CancellationToken cancel)
    {
        var target = new BackupSource(await runners.For(organization, restore.ServerId, actor, $"restore of {restore.Target}", cancel))
        {
            Host = restore.Host, Port = restore.Port, UserName = restore.UserName, Password = Secret(restore.PasswordSecret), RunAs = restore.RunAs,
        };
        return target is { Host: null, Port: null, UserName: null, Password: null, RunAs: null } ? await AsFound(organization, restore.ServerId, restore.Kind, target, cancel) : target;
    }

    /// Nothing was entered: what the last scan found there, when it is the only one of its kind; otherwise the tools' own defaults.
    private async Task<BackupSource> AsFound(OrganizationId organization, string server, string kind, BackupSource target, CancellationToken cancel)
    {
        var found = (await scans.Services(organization, server, cancel)).Where(service => service.Kind == kind && service.Running).ToList();
        if (found is not [var service])
        {
            return target;
        }

        var suggested = Suggestion.For(await servers.Get(organization, server, cancel), service, "");
        return target with { Host = suggested.Host, Port = suggested.Port, RunAs = suggested.RunAs };
    }

    private static SecretRef? Secret(string? id) => id is null ? null : new SecretRef(id);
}
