using MedicineMan.Host.Access;
using MedicineMan.Host.Setup;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Dashboard.Pages;

/// What is protected, what is proven, what failed; nothing here that is not a real number.
internal sealed class IndexModel(SetupState setup) : PageModel
{
    public bool KitConfirmed { get; private set; }

    public async Task OnGet(CancellationToken cancel) =>
        KitConfirmed = (await setup.Read(HttpContext.Visitor().Organization, cancel)).KitConfirmedAt is not null;
}
