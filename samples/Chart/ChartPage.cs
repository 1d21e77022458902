using MedicineMan.Sdk;
using MedicineMan.Sdk.Ui;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Samples.Chart;

/// The data of the page: a bar for each of the last fourteen days, of the longest wait of that day.
internal static class ChartPage
{
    private const int Days = 14;

    public static async ValueTask<UiModel> Model(FragmentContext context, CancellationToken cancel)
    {
        var host = context.Services.GetRequiredService<IPluginContext>();
        var now = context.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var first = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(1 - Days);
        var points = await host.Series.ReadAsync(Measure.Series, "", first, now, cancel);

        var longest = points.GroupBy(point => (point.At - first).Days).ToDictionary(day => day.Key, day => day.Max(point => point.Value));
        return new UiModel
        {
            ["any"] = points.Count > 0,
            ["largest"] = longest.Count == 0 ? 1 : Math.Max(1, longest.Values.Max()),
            ["bars"] = UiValue.List(Enumerable.Range(0, Days).Select(day => (UiValue)new UiModel
            {
                ["day"] = first.AddDays(day).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
                ["seconds"] = longest.GetValueOrDefault(day),
            })),
        };
    }
}
