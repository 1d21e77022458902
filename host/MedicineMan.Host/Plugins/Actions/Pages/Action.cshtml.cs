using MedicineMan.Host.Access;
using MedicineMan.Host.Shell;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Actions.Pages;

/// Where the buttons of fragments post to. It asks first when the manifest says so, then enqueues the plugin's job. The action's own
/// permission is demanded when what was pressed is opened.
[Authorize(Policies.Viewer)]
internal sealed class ActionModel(PluginActions actions) : PageModel
{
    [BindProperty]
    public string? Sealed { get; set; }

    [BindProperty]
    public string? Back { get; set; }

    [BindProperty]
    public bool Confirmed { get; set; }

    public PressedAction Pressed { get; private set; } = null!;

    public string Return => Url.IsLocalUrl(Back) ? Back! : "/";

    public IActionResult OnGet() => NotFound();

    public async Task<IActionResult> OnPost(string id, string name, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        Pressed = actions.Open(visitor, id, name, Sealed);
        if (Pressed.Action.Confirm is not null && !Confirmed)
        {
            return Page();
        }

        await actions.Start(visitor, Pressed, cancel);
        this.Say($"{Pressed.Manifest.Name}: {name} is on its way; see Jobs.");
        return Redirect(Return);
    }
}
