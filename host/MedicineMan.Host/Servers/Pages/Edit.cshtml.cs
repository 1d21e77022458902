using MedicineMan.Host.Access;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Servers.Pages;

[Authorize(Policies.Admin)]
internal sealed class EditModel(ServerStore store) : PageModel
{
    [BindProperty]
    public ServerForm Form { get; set; } = new();

    public Server Server { get; private set; } = null!;

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(string id, CancellationToken cancel)
    {
        if (await store.Find(HttpContext.Visitor().Organization, id, cancel) is not { } server)
        {
            return NotFound();
        }

        (Server, Form) = (server, ServerForm.Of(server));
        return Page();
    }

    public Task<IActionResult> OnPost(string id, CancellationToken cancel) => Try(id, async visitor =>
    {
        await store.Edit(visitor.Organization, id, Form.Draft(), visitor.Actor, cancel);
        this.Say("The server is saved.");
        return Redirect($"/servers/{id}");
    }, cancel);

    public Task<IActionResult> OnPostRemove(string id, string? typed, CancellationToken cancel) => Try(id, async visitor =>
    {
        if (typed?.Trim() != Server.Name)
        {
            throw new UserFacingException($"Nothing was removed: type {Server.Name} exactly to confirm.");
        }

        await store.Remove(visitor.Organization, id, visitor.Actor, cancel);
        this.Say($"{Server.Name} is removed.");
        return Redirect("/servers");
    }, cancel);

    private async Task<IActionResult> Try(string id, Func<Visitor, Task<IActionResult>> change, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        if (await store.Find(visitor.Organization, id, cancel) is not { } server)
        {
            return NotFound();
        }

        Server = server;
        try
        {
            return await change(visitor);
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            Form = Form.Place is null && Form.Name is null ? ServerForm.Of(server) : Form;
            return Page();
        }
    }
}
