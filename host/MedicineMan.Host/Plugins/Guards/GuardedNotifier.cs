using System.Text.Json;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk.Notifications;

namespace MedicineMan.Host.Plugins.Guards;

internal sealed class GuardedNotifier(LoadedPlugin plugin, ProviderContribution provider) : GuardedProvider<INotifier>(plugin, provider), INotifier
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public Task SendAsync(JsonElement settings, Notification notification, CancellationToken cancel) => Call(settings, Limit, async (inner, either) =>
    {
        await inner.SendAsync(settings, notification, either);
        return true;
    }, cancel);
}
