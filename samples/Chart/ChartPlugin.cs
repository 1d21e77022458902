using MedicineMan.Samples.Chart;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(ChartPlugin))]

namespace MedicineMan.Samples.Chart;

/// <summary>A job that measures and a page that shows what it measured.</summary>
public sealed class ChartPlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Job<Measure, Measurement>("measure", ChartJson.Default.Measurement);
        plugin.Fragment("chart", ChartPage.Model);
    }
}
