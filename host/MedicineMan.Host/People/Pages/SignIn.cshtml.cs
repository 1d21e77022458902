using MedicineMan.Host.Access;
using MedicineMan.Host.Setup;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;

namespace MedicineMan.Host.People.Pages;

[AllowAnonymous]
[EnableRateLimiting(AccessServices.Guesses)]
internal sealed class SignInModel(SignIn signIn, SetupState setup) : PageModel
{
    [BindProperty]
    public string Email { get; set; } = "";

    [BindProperty]
    public string Password { get; set; } = "";

    [BindProperty(SupportsGet = true)]
    public string? To { get; set; }

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancel)
    {
        if (!await setup.HasOwner(cancel))
        {
            return Redirect("/setup");
        }

        return HttpContext.VisitorOrNone() is null ? Page() : LocalRedirect(Target());
    }

    public async Task<IActionResult> OnPost()
    {
        if (await signIn.Try(HttpContext, Email, Password))
        {
            return LocalRedirect(Target());
        }

        Problem = People.SignIn.Refused;
        return Page();
    }

    private string Target() => Url.IsLocalUrl(To) ? To! : "/";
}
