using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins.Fragments;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Slots.Pages;

/// A page that is a plugin's fragment.
[Authorize(Policies.Viewer)]
internal sealed class FragmentPageModel(Fragments.Fragments fragments, PluginPages pages) : PageModel
{
    public PluginPage Entry { get; private set; } = null!;

    public RenderedFragment Drawn { get; private set; } = null!;

    public async Task<IActionResult> OnGet(string id, string fragment, CancellationToken cancel)
    {
        if (pages.Find(PluginPages.Navigation, id, fragment) is not { } entry || await fragments.Render(PluginPages.Navigation, id, fragment, null, "en", cancel) is not { } drawn)
        {
            return NotFound();
        }

        (Entry, Drawn) = (entry, drawn);
        return Page();
    }
}
