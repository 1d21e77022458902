using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace MedicineMan.Host.Shell;

/// One sentence carried over a redirect: what was just done.
internal static class Flash
{
    public static void Say(this PageModel page, string sentence) => page.TempData["flash"] = sentence;

    public static void Warn(this PageModel page, string sentence) => page.TempData["flash-warning"] = sentence;

    /// Whether there is anything to say; looking does not use it up.
    public static bool Any(ITempDataDictionary data) => data.ContainsKey("flash") || data.ContainsKey("flash-warning");

    public static string? Said(ITempDataDictionary data) => data["flash"] as string;

    public static string? Warned(ITempDataDictionary data) => data["flash-warning"] as string;
}

/// A title that leads up: the last crumb is the page itself.
internal sealed record Crumb(string Title, string? Url = null);

/// <param name="Icon">A name in icons.txt.</param>
/// <param name="Action">The one thing to do here; null when there is none.</param>
internal sealed record EmptyState(string Icon, string Sentence, string? Action = null, string? Url = null);
