using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Pages;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Schedules;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Setup.Pages;

/// The first backups, live, until they are proven.
[Authorize]
internal sealed class WatchModel(RunStore runs, ScheduleStore schedules, JobQueue jobs, TimeProvider time) : PageModel
{
    /// Each run with its stages, and its job while that is going on.
    public IReadOnlyList<(RunRow Run, IReadOnlyList<StageView> Stages, JobRow? Job)> Runs { get; private set; } = [];

    /// Whether the clock starts all of them.
    public bool Daily { get; private set; }

    public async Task OnGet(CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        var latest = (await runs.Page(organization, null, null, 50, cancel)).Items.DistinctBy(run => run.PlanId).Take(5).ToList();
        Daily = latest.Count > 0;
        foreach (var run in latest)
        {
            Daily &= (await schedules.Of(organization, BackUp.Action, run.PlanId, cancel)).Any(schedule => schedule.PausedAt is null);
            var dumping = run.DumpJobId is null ? null : await jobs.Find(organization.Value, run.DumpJobId, cancel);
            var proving = run.ProveJobId is null ? null : await jobs.Find(organization.Value, run.ProveJobId, cancel);
            var active = new[] { proving, dumping }.FirstOrDefault(job => job is { EndedAt: null });
            Runs = [.. Runs, (run, StageView.Of(run, dumping, proving, time.GetUtcNow()), active)];
        }
    }
}
