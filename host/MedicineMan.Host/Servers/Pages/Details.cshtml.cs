using MedicineMan.Host.Access;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Servers.Pages;

internal sealed class DetailsModel(ServerStore store, HostKeyStore hostKeys, LiveTest test, ScanQueue scans, ScanStore found) : PageModel
{
    public Server Server { get; private set; } = null!;

    public SeenOnServer Seen { get; private set; } = null!;

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(string id, CancellationToken cancel)
    {
        if (await store.Find(HttpContext.Visitor().Organization, id, cancel) is not { } server)
        {
            return NotFound();
        }

        await Show(server, cancel);
        return Page();
    }

    /// Answers with one list item for each step, as it comes.
    public async Task<IActionResult> OnPostTest(string id, CancellationToken cancel)
    {
        await test.Write(HttpContext, id, cancel);
        return new EmptyResult();
    }

    public async Task<IActionResult> OnPostScan(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        await scans.Enqueue(visitor.Organization, await store.Get(visitor.Organization, id, cancel), visitor.Actor, cancel);
        this.Say("The scan is on its way; what it finds appears here.");
        return Redirect($"/servers/{id}");
    }

    public Task<IActionResult> OnPostPin(string id, string? fingerprint, CancellationToken cancel) => Change(id, async visitor =>
    {
        await hostKeys.PinOfferedKey(visitor.Organization, id, fingerprint ?? "", visitor.Actor, cancel);
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
            Problem = refused.Message;
            await Show(server, cancel);
            return Page();
        }
    }

    private async Task Show(Server server, CancellationToken cancel) => (Server, Seen) = (server, await SeenOnServer.Read(found, HttpContext.Visitor().Organization, server.Id, cancel));
}
