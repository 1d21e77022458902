using System.ComponentModel.DataAnnotations;
using MedicineMan.Host.Access;
using MedicineMan.Host.People;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;

namespace MedicineMan.Host.Setup.Pages;

/// The first step while there is no administrator; afterwards the door to the first step that is not done.
[AllowAnonymous]
[EnableRateLimiting(AccessServices.Guesses)]
internal sealed class IndexModel(SetupState setup, FirstAdministrator first, SignIn signIn, SetupSteps steps) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Token { get; set; }

    [BindProperty]
    [Required(ErrorMessage = "Enter your name.")]
    [StringLength(100, ErrorMessage = "The name is too long.")]
    public string Name { get; set; } = "";

    [BindProperty]
    [Required(ErrorMessage = "Enter your email address.")]
    [EmailAddress(ErrorMessage = "This is not an email address.")]
    [StringLength(200, ErrorMessage = "The address is too long.")]
    public string Email { get; set; } = "";

    [BindProperty]
    [Required(ErrorMessage = "Choose a password.")]
    [StringLength(256, ErrorMessage = "The password is longer than 256 characters.")]
    public string Password { get; set; } = "";

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancel)
    {
        if (!await setup.HasOwner(cancel))
        {
            return Page();
        }

        return HttpContext.VisitorOrNone() is { } visitor ? Redirect(await steps.Next(visitor, cancel)) : Redirect("/sign-in?to=/setup");
    }

    public async Task<IActionResult> OnPost(CancellationToken cancel)
    {
        if (!ModelState.IsValid)
        {
            Problem = string.Join(' ', ModelState.Values.SelectMany(value => value.Errors).Select(error => error.ErrorMessage));
            return Page();
        }

        try
        {
            var person = await first.Create(Token ?? "", Name, Email, Password, HttpContext.Connection.RemoteIpAddress?.ToString(), cancel);
            await signIn.Welcome(HttpContext, person);
            return Redirect("/setup/recovery-kit");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return Page();
        }
    }
}
