using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Host.Servers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Slots.Pages;

/// A plugin's tab of a server's page.
[Authorize(Policies.Viewer)]
internal sealed class ServerTabModel(ServerStore servers, Fragments.Fragments fragments, PluginPages pages) : PageModel
{
    public Server Server { get; private set; } = null!;

    public PluginPage Tab { get; private set; } = null!;

    public RenderedFragment Drawn { get; private set; } = null!;

    public async Task<IActionResult> OnGet(string id, string plugin, string fragment, CancellationToken cancel)
    {
        if (await servers.Find(HttpContext.Visitor().Organization, id, cancel) is not { } server || pages.Find(PluginPages.ServerTab, plugin, fragment) is not { } tab
            || await fragments.Render(PluginPages.ServerTab, plugin, fragment, server.Id, "en", cancel) is not { } drawn)
        {
            return NotFound();
        }

        (Server, Tab, Drawn) = (server, tab, drawn);
        return Page();
    }
}
