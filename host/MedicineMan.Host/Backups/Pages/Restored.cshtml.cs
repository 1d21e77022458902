using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.JobScreens;
using MedicineMan.Host.Shell;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// One restore or dry run: live while it goes, and afterwards what was done.
[Authorize]
internal sealed class RestoredModel(RestoreStore restores, JobQueue jobs, JobActions actions, TimeProvider time) : PageModel
{
    public required RestoreRow Restore { get; set; }

    public JobRow? Job { get; private set; }

    public IReadOnlyList<JobLogLine> Log { get; private set; } = [];

    public DateTimeOffset Now => time.GetUtcNow();

    public double? Percent => Restore.State is StageState.Running && Job?.Progress is { Total: > 0 } at ? Math.Min(100, 100.0 * at.Done / at.Total.Value) : null;

    public async Task<IActionResult> OnGet(string id, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        if (await restores.Find(organization, id, cancel) is not { } restore)
        {
            return NotFound();
        }

        Restore = restore;
        if (restore.JobId is not null)
        {
            Job = await jobs.Find(organization.Value, restore.JobId, cancel);
            Log = await jobs.Log(organization.Value, restore.JobId, 0, 200, cancel);
        }

        return Page();
    }

    public async Task<IActionResult> OnPostCancel(string id, CancellationToken cancel)
    {
        var restore = await restores.Get(HttpContext.Visitor().Organization, id, cancel);
        await actions.Cancel(HttpContext.Visitor(), restore.JobId!, cancel);
        this.Say("Cancelling. What was built so far is removed.");
        return RedirectToPage(new { id });
    }

    /// The same restore once more, for real.
    public async Task<IActionResult> OnPostNow(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        return Redirect($"/backups/restores/{await restores.DoTried(visitor.Organization, visitor.Actor, id, cancel)}");
    }
}
