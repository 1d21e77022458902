using System.Text.Json;
using MedicineMan.Host.Plugins.Capabilities.Servers;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Health;

namespace MedicineMan.Host.Plugins.Guards;

internal sealed class GuardedHealth(LoadedPlugin plugin, ProviderContribution provider) : GuardedProvider<IHealthCheck>(plugin, provider), IHealthCheck
{
    // As the SDK promises it to authors.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public Task<HealthReport> CheckAsync(ICommandRunner server, JsonElement settings, CancellationToken cancel) =>
        Call(settings, Limit, (inner, either) => inner.CheckAsync(new LentRunner(server, Lent.Grant, Lent.Lent), settings, either), cancel);
}
