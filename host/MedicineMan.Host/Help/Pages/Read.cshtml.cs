using MedicineMan.Host.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Help.Pages;

/// One page of the documentation.
[Authorize(Policies.Viewer)]
internal sealed class ReadModel(HelpPages pages) : PageModel
{
    public HelpPage Help { get; private set; } = null!;

    public IActionResult OnGet(string name)
    {
        if (pages.Find(name) is not { } help)
        {
            return NotFound();
        }

        Help = help;
        return Page();
    }
}
