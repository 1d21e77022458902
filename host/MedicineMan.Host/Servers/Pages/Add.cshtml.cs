using MedicineMan.Host.Access;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Servers.Pages;

[Authorize(Policies.Admin)]
internal sealed class AddModel(ServerStore store) : PageModel
{
    [BindProperty]
    public ServerForm Form { get; set; } = new();

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnPost(CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        try
        {
            var id = await store.Add(visitor.Organization, Form.Draft(), visitor.Actor, cancel);
            return Redirect($"/servers/{id}");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return Page();
        }
    }
}
