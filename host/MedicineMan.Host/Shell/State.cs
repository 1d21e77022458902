using System.Collections.Concurrent;
using Microsoft.AspNetCore.Html;

namespace MedicineMan.Host.Shell;

/// The one way a state is shown: colour, drawing and word together.
internal static class State
{
    private static readonly ConcurrentDictionary<(string, string, string), IHtmlContent> Drawn = new();

    /// <param name="tone"><c>good</c>, <c>bad</c>, <c>warn</c>, <c>busy</c> or <c>none</c>.</param>
    /// <param name="icon">A name in icons.txt.</param>
    /// <param name="word">A word of ours, not of the data: it is kept.</param>
    public static IHtmlContent Draw(Icons icons, string tone, string icon, string word) =>
        Drawn.GetOrAdd((tone, icon, word), static (key, icons) => new HtmlString($"<span class=\"state {key.Item1}\">{icons[key.Item2]} {key.Item3}</span>"), icons);
}
