using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Proofs;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Schedules;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups;

/// Plans, runs, proofs, restores and the repositories they live in.
internal static class BackupServices
{
    /// The queue of what may take hours, so that workers of the others always have a place for a scan or a look into a repository.
    public const string Queue = "backups";

    public static void AddBackups(this IServiceCollection services)
    {
        services.AddSingleton<RepositoryStore>().AddSingleton<OpenRepositories>().AddSingleton<SnapshotStore>().AddSingleton<StorageKinds>();
        services.AddSingleton<PlanStore>().AddSingleton<Sources>().AddSingleton<BackupKinds>().AddSingleton<PlanChoices>();
        services.AddSingleton<RunStore>().AddSingleton<RunRecord>().AddSingleton<FirstProtection>().AddSingleton<NewPlans>();
        services.AddSingleton<RestoreStore>().AddSingleton<ScratchTargets>();
        services.AddSingleton<AdoptRuns>();
        services.AddSingleton<IJobHandler, PrepareRepository>().AddSingleton<IJobHandler, ReadRepository>().AddSingleton<IJobHandler, LookAtSource>();
        services.AddSingleton<IJobHandler, BackUp>().AddSingleton<IJobHandler, ProveBackup>().AddSingleton<IJobHandler, RestoreBackup>();
        services.AddSingleton<Settlement>();
        services.AddSingleton(provider => new ScheduledAction(
            BackUp.Action, "Back up", provider.GetRequiredService<RunStore>().BackUpDue,
            async (organization, plan, cancel) => (await provider.GetRequiredService<PlanStore>().Find(organization, plan, cancel))?.Name, plan => $"/backups/plans/{plan}"));
        services.AddHostedService<SettleRuns>().AddHostedService<SweepScratch>();
        // Without a route of its own "new" would be taken for a plan's id.
        services.Configure<RazorPagesOptions>(pages => pages.Conventions.AddPageRoute("/Backups/Pages/EditPlan", "/backups/plans/new"));
    }
}
