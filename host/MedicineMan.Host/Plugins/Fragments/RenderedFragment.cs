namespace MedicineMan.Host.Plugins.Fragments;

/// A piece of a page by a plugin. The markup is safe to write as it is; a faulted one has none and says why, for the page to draw as a small card.
internal sealed record RenderedFragment
{
    public required string PluginId { get; init; }
    public required string PluginName { get; init; }
    public required string Id { get; init; }
    public string Html { get; init; } = "";
    public bool Faulted { get; init; }
    public string Message { get; init; } = "";
}
