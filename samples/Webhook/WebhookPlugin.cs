using MedicineMan.Samples.Webhook;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(WebhookPlugin))]

namespace MedicineMan.Samples.Webhook;

/// <summary>One notifier.</summary>
public sealed class WebhookPlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Provide<WebhookNotifier>("webhook");
    }
}
