using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Data;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// One plan: what it backs up, what was found there, and its runs.
[Authorize]
internal sealed class PlanModel(PlanStore plans, RunStore runs, ScheduleStore schedules) : PageModel
{
    public required PlanRow Plan { get; set; }

    public Page<RunRow> Runs { get; private set; } = new([], null);

    public IReadOnlyList<ScheduleRow> Schedules { get; private set; } = [];

    public IReadOnlyList<BackupItem> Found => Plan.Found is null ? [] : JsonSerializer.Deserialize<BackupItem[]>(Plan.Found) ?? [];

    public async Task<IActionResult> OnGet(string id, string? after, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        if (await plans.Find(organization, id, cancel) is not { } plan)
        {
            return NotFound();
        }

        Plan = plan;
        Schedules = await schedules.Of(organization, BackUp.Action, id, cancel);
        Runs = await runs.Page(organization, id, after, 20, cancel);
        return Page();
    }

    public async Task<IActionResult> OnPostRun(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        return Redirect($"/backups/runs/{await runs.BackUpNow(visitor.Organization, visitor.Actor, id, cancel)}");
    }

    public async Task<IActionResult> OnPostRemove(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        try
        {
            await plans.Remove(visitor.Organization, visitor.Actor, id, cancel);
            this.Say("The plan is removed. Its snapshots are still in the repository.");
            return Redirect("/backups");
        }
        catch (UserFacingException refused)
        {
            this.Warn(refused.Message);
            return RedirectToPage(new { id });
        }
    }
}
