using System.Diagnostics;
using MedicineMan.Host.Access;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Shell.Pages;

/// Every answer that is not what was asked for: missing page, missing permission, refused form, failure.
[AllowAnonymous]
[IgnoreAntiforgeryToken]
internal sealed class ErrorModel : PageModel
{
    public string Heading { get; private set; } = "";

    public string Sentence { get; private set; } = "";

    public string Icon { get; private set; } = "alert-triangle";

    public string? Trace { get; private set; }

    public void OnGet(int code) => Show(code);

    public void OnPost(int code) => Show(code);

    private void Show(int code)
    {
        var failure = HttpContext.Features.Get<IExceptionHandlerFeature>()?.Error;
        (Heading, Sentence, Icon) = (failure, code) switch
        {
            (PermissionMissingException missing, _) => ("Not permitted", missing.Message, "lock"),
            (UserFacingException told, _) => ("That did not work", told.Message, "alert-triangle"),
            (_, 400) => ("The form was refused", "It was too old or came from elsewhere. Go back, reload the page and send it again.", "alert-triangle"),
            (_, 403) => ("Not permitted", NotPermitted(), "lock"),
            (_, 404) => ("No such page", "There is nothing at this address, or it belongs to another organisation.", "search"),
            (_, 429) => ("Too many tries", "Too many tries came from this address. Wait a minute, then try again.", "clock"),
            (_, >= 500) => ("Something failed here", "This is our fault, not yours. Nothing that was saved before is lost; try again, and look at the log if it stays.", "alert-triangle"),
            _ => ("That did not work", $"The request was refused with status {code}.", "alert-triangle"),
        };
        Response.StatusCode = failure switch { PermissionMissingException => 403, UserFacingException => 422, not null => 500, _ => code is >= 400 and < 600 ? code : 404 };
        Trace = Response.StatusCode >= 500 ? Activity.Current?.TraceId.ToString() ?? HttpContext.TraceIdentifier : null;
    }

    private string NotPermitted() => HttpContext.Features.Get<MissingRole>() is { } missing
        ? missing.Sentence
        : "Your role does not permit this. Ask an owner of the organisation.";
}
