using MedicineMan.Host.Access;
using MedicineMan.Host.Shell;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.People.Pages;

[Authorize(Policies.Viewer)]
internal sealed class SessionsModel(SessionStore sessions) : PageModel
{
    public IReadOnlyList<SessionRow> Sessions { get; private set; } = [];

    public string? Here => HttpContext.Visitor().SessionId;

    public async Task OnGet(CancellationToken cancel) => Sessions = await sessions.List(HttpContext.Visitor(), cancel);

    public async Task<IActionResult> OnPostEnd(string id, CancellationToken cancel)
    {
        await sessions.End(HttpContext.Visitor(), id, cancel);
        this.Say("The session has ended.");
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostOthers(CancellationToken cancel)
    {
        await sessions.EndOthers(HttpContext.Visitor(), cancel);
        this.Say("All other sessions have ended.");
        return RedirectToPage();
    }
}
