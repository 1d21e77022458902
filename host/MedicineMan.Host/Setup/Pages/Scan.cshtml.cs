using MedicineMan.Host.Access;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Servers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Setup.Pages;

[Authorize(Policies.Admin)]
internal sealed class ScanModel(ServerStore store, ScanStore found, ScanQueue scans) : PageModel
{
    public Server? Server { get; private set; }

    public SeenOnServer? Seen { get; private set; }

    public async Task OnGet(CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        Server = await First(cancel);
        Seen = Server is null ? null : await SeenOnServer.Read(found, organization, Server.Id, cancel);
    }

    public async Task<IActionResult> OnPost(CancellationToken cancel)
    {
        if (await First(cancel) is { } server)
        {
            await scans.Enqueue(HttpContext.Visitor().Organization, server, HttpContext.Visitor().Actor, cancel);
        }

        return RedirectToPage();
    }

    private async Task<Server?> First(CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        var first = (await store.Page(organization, null, null, null, 1, cancel)).Items;
        return first.Count == 0 ? null : await store.Find(organization, first[0].Id, cancel);
    }
}
