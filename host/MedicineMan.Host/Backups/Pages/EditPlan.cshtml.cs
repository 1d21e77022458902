using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// A new plan (<c>/backups/plans/new</c>, filled in from what a scan found) or an existing one.
[Authorize]
internal sealed class EditPlanModel(PlanStore plans, PlanChoices choices, NewPlans newPlans) : PageModel
{
    [BindProperty]
    public PlanForm Form { get; set; } = new();

    /// Hour at which a new plan is backed up by itself; null for by hand.
    [BindProperty]
    public int? DailyAt { get; set; } = NewPlans.UsualHour;

    public PlanRow? Plan { get; private set; }

    public IReadOnlyList<ServerRow> Servers { get; private set; } = [];

    public IReadOnlyList<RepositoryRow> Repositories { get; private set; } = [];

    public IReadOnlyList<(string Kind, string Name)> Kinds => choices.Kinds;

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(string? id, string? server, string? service, CancellationToken cancel)
    {
        if (!await Load(id, cancel))
        {
            return NotFound();
        }

        Form = Plan is not null ? PlanForm.From(Plan) : await choices.Suggested(HttpContext.Visitor().Organization, server, service, cancel);
        return Page();
    }

    public async Task<IActionResult> OnPost(string? id, CancellationToken cancel)
    {
        if (!await Load(id, cancel))
        {
            return NotFound();
        }

        var visitor = HttpContext.Visitor();
        try
        {
            var settings = Form.Read();
            id ??= await newPlans.Add(visitor, settings, DailyAt, ReaderZone.Of(Request), cancel);
            await (Plan is null ? Task.CompletedTask : plans.Edit(visitor.Organization, visitor.Actor, id, settings, cancel));
            return Redirect($"/backups/plans/{id}");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return Page();
        }
    }

    private async Task<bool> Load(string? id, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        Plan = id is null ? null : await plans.Find(organization, id, cancel);
        (Servers, Repositories) = (await choices.Servers(organization, cancel), await choices.Repositories(organization, cancel));
        return Plan is not null || id is null;
    }
}
