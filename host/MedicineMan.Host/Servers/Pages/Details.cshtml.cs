using MedicineMan.Host.Access;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Servers.Pages;

internal sealed class DetailsModel(ServerStore store, HostKeyStore hostKeys, LiveTest test) : PageModel
{
    public Server Server { get; private set; } = null!;

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(string id, CancellationToken cancel)
    {
        if (await store.Find(HttpContext.Visitor().Organization, id, cancel) is not { } server)
        {
            return NotFound();
        }

        Server = server;
        return Page();
    }

    /// Answers with one list item for each step, as it comes.
    public async Task<IActionResult> OnPostTest(string id, CancellationToken cancel)
    {
        await test.Write(HttpContext, id, cancel);
        return new EmptyResult();
    }

    public Task<IActionResult> OnPostPin(string id, string key, CancellationToken cancel) => Change(id, async visitor =>
    {
        await hostKeys.PinHostKey(visitor.Organization, id, new HostKey(key), visitor.Actor, cancel);
        this.Say("The host key is confirmed. Test the connection again.");
    }, cancel);

    public Task<IActionResult> OnPostApprove(string id, string fingerprint, string? reason, CancellationToken cancel) => Change(id, async visitor =>
    {
        await hostKeys.ApproveHostKey(visitor.Organization, id, fingerprint, reason ?? "", visitor.Actor, cancel);
        this.Say("The new host key is approved.");
    }, cancel);

    private async Task<IActionResult> Change(string id, Func<Visitor, Task> change, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        visitor.Demand(Role.Admin);
        if (await store.Find(visitor.Organization, id, cancel) is not { } server)
        {
            return NotFound();
        }

        try
        {
            await change(visitor);
            return Url.IsLocalUrl(Request.Query["back"]) ? Redirect(Request.Query["back"]!) : Redirect($"/servers/{id}");
        }
        catch (UserFacingException refused)
        {
            (Server, Problem) = (server, refused.Message);
            return Page();
        }
    }
}
