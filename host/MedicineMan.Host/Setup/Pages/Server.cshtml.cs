using MedicineMan.Host.Access;
using MedicineMan.Host.Servers;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Setup.Pages;

/// Adds the first server, then shows its connection test until it answers.
[Authorize(Policies.Admin)]
internal sealed class ServerModel(ServerStore store) : PageModel
{
    [BindProperty]
    public ServerForm Form { get; set; } = new();

    public Server? Server { get; private set; }

    public string? Problem { get; private set; }

    public async Task OnGet(CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        var first = (await store.Page(organization, null, null, null, 1, cancel)).Items;
        Server = first.Count == 0 ? null : await store.Find(organization, first[0].Id, cancel);
    }

    public async Task<IActionResult> OnPost(CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        try
        {
            await store.Add(visitor.Organization, Form.Draft(), visitor.Actor, cancel);
            return RedirectToPage();
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return Page();
        }
    }
}
