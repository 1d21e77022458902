using MedicineMan.Host.Access;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Setup.Pages;

/// Chooses what is protected first and starts its first backup.
[Authorize(Policies.Admin)]
internal sealed class ProtectModel(FirstProtection protection) : PageModel
{
    [BindProperty]
    public IReadOnlyList<string> Chosen { get; set; } = [];

    [BindProperty]
    public string? UserName { get; set; }

    [BindProperty]
    public string? Password { get; set; }

    [BindProperty]
    public int? DailyAt { get; set; } = NewPlans.UsualHour;

    public Server? Server { get; private set; }

    public IReadOnlyList<ServiceRow> Services { get; private set; } = [];

    public string? Problem { get; private set; }

    public async Task OnGet(CancellationToken cancel)
    {
        (Server, Services) = await protection.Found(HttpContext.Visitor(), cancel);
        Chosen = [.. Services.Select(service => service.Id)];
    }

    public async Task<IActionResult> OnPost(CancellationToken cancel)
    {
        try
        {
            if (Chosen.Count == 0)
            {
                throw new UserFacingException("Choose at least one, or leave setup.");
            }

            await protection.Protect(HttpContext.Visitor(), Chosen, UserName, Password, DailyAt, ReaderZone.Of(Request), cancel);
            return Redirect("/setup/watch");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            (Server, Services) = await protection.Found(HttpContext.Visitor(), cancel);
            return Page();
        }
    }
}
