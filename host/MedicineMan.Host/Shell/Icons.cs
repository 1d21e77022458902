using Microsoft.AspNetCore.Html;

namespace MedicineMan.Host.Shell;

/// One drawing out of the sprite, which holds the names in icons.txt. In a page: <c>@Icons["server"]</c>.
/// Decoration only; the word stands beside it.
internal sealed class Icons(Assets assets)
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, IHtmlContent> drawn = new();

    public IHtmlContent this[string name] => drawn.GetOrAdd(
        name, static (name, assets) => new HtmlString($"""<svg class="icon" aria-hidden="true"><use href="{assets.Icons}#{name}"></use></svg>"""), assets);
}
