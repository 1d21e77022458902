using MedicineMan.Host.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Pages;

/// Every plugin of this host: what state it is in and why, what it asks for, what it adds, and what has gone wrong in it.
[Authorize(Policies.Viewer)]
internal sealed class IndexModel(PluginCatalogue catalogue) : PageModel
{
    public IReadOnlyList<PluginStatus> Plugins { get; } = catalogue.List();

    public string? Problem { get; } = catalogue.Problem;

    public static (string Tone, string Icon, string Word) State(PluginState state) => state switch
    {
        PluginState.Started => ("fine", "player-play", "Running"),
        PluginState.Loaded => ("busy", "loader-2", "Starting"),
        PluginState.Discovered => ("none", "circle-dashed", "Not loaded yet"),
        PluginState.Disabled => ("none", "player-pause", "Disabled"),
        PluginState.Draining => ("busy", "loader-2", "Finishing its work"),
        PluginState.Retired => ("none", "player-stop", "Taken out"),
        PluginState.Quarantined => ("bad", "ban", "Quarantined"),
        _ => ("bad", "circle-x", "Faulted"),
    };
}
