using Microsoft.AspNetCore.Html;

namespace MedicineMan.Host.Shell;

/// Addresses of our own style, script and icons, each with the fingerprint of its content so that browsers keep it for good.
internal sealed class Assets(EndpointDataSource endpoints)
{
    // Beside the assembly, also when a test hosts it from another folder.
    public static string Manifest { get; } = Path.Combine(AppContext.BaseDirectory, "medicineman.staticwebassets.endpoints.json");

    private readonly Lazy<Dictionary<string, string>> addresses = new(() => Fingerprinted(endpoints));
    private string? icons;
    private IHtmlContent? head;

    public string Icons => icons ??= Address("lib/icons.svg");

    /// Written into every page's head; put together once.
    public IHtmlContent Head => head ??= new HtmlString($"""
        <link rel="stylesheet" href="{Address("lib/tabler.min.css")}">
        <link rel="stylesheet" href="{Address("css/shell.css")}">
        <link rel="icon" href="{Address("favicon.svg")}" type="image/svg+xml">
        <script src="{Address("js/theme.js")}"></script>
        <script src="{Address("js/stream.js")}"></script>
        <script src="{Address("lib/htmx.min.js")}" defer></script>
        <script src="{Address("js/shell.js")}" type="module"></script>
        """);

    public string Address(string path) => "/" + addresses.Value.GetValueOrDefault(path, path);

    private static Dictionary<string, string> Fingerprinted(EndpointDataSource endpoints) =>
        endpoints.Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.OfType<Microsoft.AspNetCore.StaticAssets.StaticAssetDescriptor>())
            .DistinctBy(asset => asset.Route)
            .Select(asset => (asset.Route, Label: asset.Properties.FirstOrDefault(property => property.Name == "label")?.Value))
            .Where(asset => asset.Label is not null && !asset.Route.EndsWith(".gz", StringComparison.Ordinal) && !asset.Route.EndsWith(".br", StringComparison.Ordinal))
            .ToDictionary(asset => asset.Label!, asset => asset.Route);
}
