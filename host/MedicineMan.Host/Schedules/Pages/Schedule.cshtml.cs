using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Schedules.Pages;

/// One schedule: its next starts, and what became of those before.
[Authorize(Policies.Viewer)]
internal sealed class ScheduleModel(ScheduleStore schedules, ScheduleActions actions, DueSchedules clock, TimeProvider time) : PageModel
{
    public required ScheduleRow Row { get; set; }

    public string Does { get; private set; } = "";

    public string? SubjectUrl { get; private set; }

    public IReadOnlyList<DateTimeOffset> Upcoming { get; private set; } = [];

    public Page<ScheduleStart> Starts { get; private set; } = new([], null);

    public string Jitter => Row.JitterSeconds % 60 == 0 ? $"{Row.JitterSeconds / 60} minutes" : $"{Row.JitterSeconds} seconds";

    public async Task<IActionResult> OnGet(string id, string? after, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        if (await schedules.Find(organization, id, cancel) is not { } row)
        {
            return NotFound();
        }

        (Row, Does) = (row, await actions.Sentence(row, cancel));
        SubjectUrl = actions.Find(row.Action)?.UrlOf(row.Subject);
        Upcoming = row.Upcoming(time.GetUtcNow(), 5);
        Starts = await schedules.Starts(organization, id, after, 20, cancel);
        return Page();
    }

    public Task<IActionResult> OnPostRun(string id, CancellationToken cancel) => Do(Role.Operator, id, async visitor =>
        await schedules.Find(visitor.Organization, id, cancel) is not { } row ? NotFound()
        : await clock.StartNow(row, visitor.Actor, time.GetUtcNow(), cancel) is { } url ? Redirect(url)
        : throw new UserFacingException("The one before is still going. Wait for its end, or cancel it."));

    public Task<IActionResult> OnPostPause(string id, CancellationToken cancel) => Do(Role.Operator, id, async visitor =>
    {
        await schedules.Pause(visitor.Organization, visitor.Actor, id, cancel);
        return RedirectToPage(new { id });
    });

    public Task<IActionResult> OnPostResume(string id, CancellationToken cancel) => Do(Role.Operator, id, async visitor =>
    {
        await schedules.Resume(visitor.Organization, visitor.Actor, id, cancel);
        return RedirectToPage(new { id });
    });

    public Task<IActionResult> OnPostRemove(string id, CancellationToken cancel) => Do(Role.Admin, id, async visitor =>
    {
        await schedules.Remove(visitor.Organization, visitor.Actor, id, cancel);
        this.Say("The schedule is removed.");
        return Redirect("/jobs/schedules");
    });

    private async Task<IActionResult> Do(Role role, string id, Func<Visitor, Task<IActionResult>> act)
    {
        HttpContext.Visitor().Demand(role);
        try
        {
            return await act(HttpContext.Visitor());
        }
        catch (UserFacingException refused) when (refused is not PermissionMissingException)
        {
            this.Warn(refused.Message);
            return RedirectToPage(new { id });
        }
    }
}
