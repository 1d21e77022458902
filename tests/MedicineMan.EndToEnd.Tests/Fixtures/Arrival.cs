using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// Waits for a page by looking at it. The driver's own wait listens for the event of loading, and on a busy machine it is over before that.
internal static class Arrival
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <param name="page">What is on its way.</param>
    /// <param name="address">Where to; <c>*</c> stands for anything but a slash, <c>**</c> for anything.</param>
    public static async Task Reaches(this IPage page, string address)
    {
        var wanted = new Regex("^" + Regex.Escape(address).Replace(@"\*\*", ".*", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal) + "$");
        var deadline = DateTime.UtcNow + Patience;
        while (!(wanted.IsMatch(page.Url) && await IsLoaded(page)))
        {
            Assert.True(DateTime.UtcNow < deadline, $"{page.Url} instead of {address}.");
            await Task.Delay(50);
        }
    }

    private static async Task<bool> IsLoaded(IPage page)
    {
        try
        {
            return await page.EvaluateAsync<string>("document.readyState") == "complete";
        }
        catch (PlaywrightException)
        {
            // It left for another page while it was asked.
            return false;
        }
    }
}
