using MedicineMan.Host.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Help.Pages;

/// What there is to read.
[Authorize(Policies.Viewer)]
internal sealed class IndexModel(HelpPages pages) : PageModel
{
    public IReadOnlyList<HelpGroup> Groups { get; } = pages.Groups;
}
