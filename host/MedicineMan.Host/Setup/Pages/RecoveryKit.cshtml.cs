using System.Text;
using MedicineMan.Host.Access;
using MedicineMan.Host.Secrets;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Setup.Pages;

/// Also reached later from Home, which asks for it until it is confirmed.
[Authorize(Policies.Owner)]
internal sealed class RecoveryKitModel(SetupState setup, KeyRing keys, TimeProvider time) : PageModel
{
    public string KeyId => keys.Current.Id;

    public string Fingerprint => keys.Current.Fingerprint;

    public bool Confirmed { get; private set; }

    public string? Problem { get; private set; }

    public async Task OnGet(CancellationToken cancel) =>
        Confirmed = (await setup.Read(HttpContext.Visitor().Organization, cancel)).KitConfirmedAt is not null;

    public async Task<IActionResult> OnPostDownload(CancellationToken cancel)
    {
        await setup.RecordDownload(HttpContext.Visitor(), cancel);
        var text = RecoveryKit.For(keys.Current, $"{Request.Scheme}://{Request.Host}", time.GetUtcNow());
        return File(Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8", "medicineman-recovery-kit.txt");
    }

    public async Task<IActionResult> OnPostConfirm(bool stored, CancellationToken cancel)
    {
        if (!stored)
        {
            Problem = "Tick the box once the kit is stored elsewhere.";
            return Page();
        }

        await setup.ConfirmKit(HttpContext.Visitor(), cancel);
        return Redirect("/setup");
    }
}
