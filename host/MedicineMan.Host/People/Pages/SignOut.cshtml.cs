using MedicineMan.Host.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.People.Pages;

[Authorize(Policies.Viewer)]
internal sealed class SignOutModel(SessionStore sessions) : PageModel
{
    public async Task<IActionResult> OnPost(CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        if (visitor.SessionId is not null)
        {
            await sessions.End(visitor, visitor.SessionId, cancel);
        }

        await HttpContext.SignOutAsync(SignInCookie.Scheme);
        return Redirect("/sign-in");
    }
}
