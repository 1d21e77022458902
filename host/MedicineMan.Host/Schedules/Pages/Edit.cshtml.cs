using MedicineMan.Host.Access;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Schedules.Pages;

/// A new schedule (<c>/jobs/schedules/new?does=back-up&amp;subject=…</c>) or an existing one.
[Authorize(Policies.Admin)]
internal sealed class EditModel(ScheduleStore schedules, ScheduleActions actions, TimeProvider time) : PageModel
{
    [BindProperty]
    public ScheduleForm Form { get; set; } = new();

    [BindProperty(SupportsGet = true)]
    public string? Does { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Subject { get; set; }

    public ScheduleRow? Row { get; private set; }

    public string Sentence { get; private set; } = "";

    public IReadOnlyList<DateTimeOffset> Upcoming { get; private set; } = [];

    public IReadOnlyList<string> Zones { get; } = [.. TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id).Order(StringComparer.Ordinal)];

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(string? id, CancellationToken cancel)
    {
        var found = await Load(id, cancel);
        Form = Row is null ? new ScheduleForm { Name = Sentence, Zone = ReaderZone.Of(Request).Id } : ScheduleForm.From(Row.Settings);
        return found || (id is null && string.IsNullOrEmpty(Subject)) ? Page() : NotFound();
    }

    public Task<IActionResult> OnPost(string? id, CancellationToken cancel) => Read(id, async (visitor, settings) =>
    {
        id ??= await schedules.Add(visitor.Organization, visitor.Actor, settings, cancel);
        await (Row is null ? Task.CompletedTask : schedules.Edit(visitor.Organization, visitor.Actor, id, settings, cancel));
        return Redirect($"/jobs/schedules/{id}");
    }, cancel);

    public Task<IActionResult> OnPostPreview(string? id, CancellationToken cancel) => Read(id, (_, settings) =>
    {
        Upcoming = settings.Upcoming(Row?.Id ?? "", time.GetUtcNow(), 5);
        return Task.FromResult<IActionResult>(Page());
    }, cancel);

    private async Task<IActionResult> Read(string? id, Func<Visitor, ScheduleSettings, Task<IActionResult>> act, CancellationToken cancel)
    {
        try
        {
            return await Load(id, cancel) ? await act(HttpContext.Visitor(), Form.Read(Does!, Subject!, time.GetUtcNow())) : NotFound();
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
        Row = id is null ? null : await schedules.Find(organization, id, cancel);
        (Does, Subject) = (Row?.Action ?? Does ?? "", Row?.Subject ?? Subject ?? "");
        var name = await actions.NameOf(organization, Does, Subject, cancel);
        Sentence = $"{actions.Find(Does)?.Title} {name}".Trim();
        return (Row is not null || id is null) && name is not null;
    }
}
