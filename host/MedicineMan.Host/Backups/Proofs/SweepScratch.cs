using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Proofs;

/// Drops scratch databases whose job is over but which could not be dropped then: the server was away, or the process died.
internal sealed partial class SweepScratch(
    ScratchTargets scratch, PlanStore plans, RestoreStore restores, Sources sources, Providers providers, TimeProvider time, ILogger<SweepScratch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            foreach (var row in await scratch.Left(stoppingToken))
            {
                try
                {
                    await Drop(row, stoppingToken);
                }
                catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
                {
                    Log.StillThere(log, row.Name, row.ServerId, failure);
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Drop(ScratchRow row, CancellationToken cancel)
    {
        var organization = new OrganizationId(row.Organization);
        var target = row switch
        {
            { PlanId: { } plan } when await plans.Find(organization, plan, cancel) is { } found => await sources.OfProof(organization, found, Actor.System, cancel),
            { RestoreId: { } restore } when await restores.Find(organization, restore, cancel) is { } found => await sources.Of(organization, found, Actor.System, cancel),
            _ => null,
        };
        if (target is not null)
        {
            await scratch.Drop(organization, target, providers.Get<IBackupProvider>(row.Kind), row.Name, cancel);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The scratch database {Name} on server {ServerId} is still there.")]
        public static partial void StillThere(ILogger logger, string name, string serverId, Exception failure);
    }
}
