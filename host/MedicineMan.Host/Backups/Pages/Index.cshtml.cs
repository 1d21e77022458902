using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Data;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// All plans with what their last run came to, and the latest runs.
[Authorize]
internal sealed class IndexModel(PlanStore plans, RunStore runs) : PageModel
{
    public Page<PlanRow> Plans { get; private set; } = new([], null);

    public IReadOnlyList<RunRow> Runs { get; private set; } = [];

    public async Task OnGet(string? after, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        Plans = await plans.Page(organization, null, after, 50, cancel);
        Runs = (await runs.Page(organization, null, null, 10, cancel)).Items;
    }

    public async Task<IActionResult> OnPostRun(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        return Redirect($"/backups/runs/{await runs.BackUpNow(visitor.Organization, visitor.Actor, id, cancel)}");
    }
}
