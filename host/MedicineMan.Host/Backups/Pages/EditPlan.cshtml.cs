using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Servers;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// A new plan (<c>/backups/plans/new</c>, filled in from what a scan found) or an existing one.
[Authorize]
internal sealed class EditPlanModel(PlanStore plans, RepositoryStore repositories, ServerStore servers, BackupKinds kinds) : PageModel
{
    [BindProperty]
    public PlanForm Form { get; set; } = new();

    public PlanRow? Plan { get; private set; }

    public IReadOnlyList<ServerRow> Servers { get; private set; } = [];

    public IReadOnlyList<RepositoryRow> Repositories { get; private set; } = [];

    public IReadOnlyList<(string Kind, string Name)> Kinds => kinds.All;

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(string id, string? server, string? service, CancellationToken cancel)
    {
        if (!await Load(id, cancel))
        {
            return NotFound();
        }

        Form = Plan is not null ? PlanForm.From(Plan) : new PlanForm { ServerId = server, Service = service };
        Form.RepositoryId ??= Repositories.Count > 0 ? Repositories[0].Id : null;
        return Page();
    }

    public async Task<IActionResult> OnPost(string id, CancellationToken cancel)
    {
        if (!await Load(id, cancel))
        {
            return NotFound();
        }

        try
        {
            var visitor = HttpContext.Visitor();
            var settings = Form.Read();
            if (Plan is null)
            {
                id = await plans.Add(visitor.Organization, visitor.Actor, settings, cancel);
            }
            else
            {
                await plans.Edit(visitor.Organization, visitor.Actor, id, settings with { Password = settings.Password is { Length: > 0 } ? settings.Password : null }, cancel);
            }

            return Redirect($"/backups/plans/{id}");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return Page();
        }
    }

    private async Task<bool> Load(string id, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        Plan = id == "new" ? null : await plans.Find(organization, id, cancel);
        Servers = (await servers.Page(organization, null, null, null, 200, cancel)).Items;
        Repositories = (await repositories.Page(organization, null, 200, cancel)).Items;
        return Plan is not null || id == "new";
    }
}
