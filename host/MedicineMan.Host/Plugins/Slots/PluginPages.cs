namespace MedicineMan.Host.Plugins.Slots;

/// The places in the host's pages that plugins may draw in, and which fragments have a title of their own there: entries of the navigation
/// and tabs of a server. A broken fragment is a small card in its place.
internal sealed class PluginPages(PluginCatalogue catalogue)
{
    public const string Navigation = "nav.page";
    public const string ServerTab = "server.tab";

    public IEnumerable<PluginPage> In(string slot) =>
        from plugin in catalogue.Active
        from fragment in plugin.Manifest.Fragments
        where fragment.Slot == slot && plugin.Contributions.Fragments.Any(drawn => drawn.Id == fragment.Id)
        select new PluginPage(plugin.Manifest.Id, fragment.Id, fragment.Title ?? plugin.Manifest.Name);

    public PluginPage? Find(string slot, string plugin, string fragment) => In(slot).FirstOrDefault(page => page.PluginId == plugin && page.Fragment == fragment);
}

internal sealed record PluginPage(string PluginId, string Fragment, string Title)
{
    public string Url => $"/plugins/{PluginId}/page/{Fragment}";

    public string OnServer(string server) => $"/servers/{server}/tab/{PluginId}/{Fragment}";
}

/// A slot on a page.
/// <param name="SubjectId">The server or run whose page it is; null elsewhere.</param>
internal sealed record SlotPlace(string Slot, string? SubjectId = null);

/// <param name="Current">The tab that is open; null on the server's own page.</param>
internal sealed record ServerTabs(string ServerId, PluginPage? Current = null);
