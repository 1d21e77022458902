using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Data;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// One repository and its snapshots.
[Authorize]
internal sealed class RepositoryModel(RepositoryStore repositories, SnapshotStore snapshots) : PageModel
{
    public required RepositoryRow Row { get; set; }

    public Page<SnapshotRow> Snapshots { get; private set; } = new([], null);

    public async Task<IActionResult> OnGet(string id, string? after, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        if (await repositories.Find(organization, id, cancel) is not { } row)
        {
            return NotFound();
        }

        Row = row;
        Snapshots = await snapshots.Page(organization, id, after, 50, cancel);
        return Page();
    }

    public async Task<IActionResult> OnPostRead(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        await snapshots.Read(visitor.Organization, visitor.Actor, id, null, null, cancel);
        this.Say("The list of snapshots is being read.");
        return RedirectToPage(new { id });
    }

    public async Task<IActionResult> OnPostPrepare(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        await repositories.PrepareAgain(visitor.Organization, visitor.Actor, id, cancel);
        return RedirectToPage(new { id });
    }

    public async Task<IActionResult> OnPostRemove(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        try
        {
            await repositories.Remove(visitor.Organization, visitor.Actor, id, cancel);
            this.Say("The repository is forgotten. What lies on its storage is still there.");
            return Redirect("/backups/repositories");
        }
        catch (UserFacingException refused)
        {
            this.Warn(refused.Message);
            return RedirectToPage(new { id });
        }
    }
}
