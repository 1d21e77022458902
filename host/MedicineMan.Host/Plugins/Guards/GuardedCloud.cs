using System.Runtime.CompilerServices;
using System.Text.Json;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Clouds;

namespace MedicineMan.Host.Plugins.Guards;

internal sealed class GuardedCloud(LoadedPlugin plugin, ProviderContribution provider) : GuardedProvider<ICloudProvider>(plugin, provider), ICloudProvider
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public async ValueTask<ICloudAccount> OpenAsync(JsonElement settings, CancellationToken cancel) =>
        new GuardedAccount(Plugin, $"provider {Kind}", settings, await Call(settings, Limit, (inner, either) => inner.OpenAsync(settings, either).AsTask(), cancel));
}

/// An account in the host's hands: each call enters the plugin and has its time, and what costs or destroys needs the capability for it.
internal sealed class GuardedAccount : ICloudAccount
{
    private const int MostInstances = 10_000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly LoadedPlugin plugin;
    private readonly string where;
    private readonly JsonElement settings;
    private readonly CancellationTokenRegistration unloading;
    private ICloudAccount? inner;

    public GuardedAccount(LoadedPlugin plugin, string where, JsonElement settings, ICloudAccount account)
    {
        (this.plugin, this.where, this.settings, inner) = (plugin, where, settings, account);
        // Let go with the version: what the host still holds must not keep its code.
        unloading = plugin.Unloading.UnsafeRegister(static self => ((GuardedAccount)self!).inner = null, this);
    }

    public Task<CloudBalance> BalanceAsync(CancellationToken cancel) => Read((open, either) => open.BalanceAsync(either), cancel);

    public Task<CloudOptions> OptionsAsync(CancellationToken cancel) => Read((open, either) => open.OptionsAsync(either), cancel);

    public async IAsyncEnumerable<CloudInstance> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var instance in await Read(All, cancel))
        {
            yield return instance;
        }
    }

    public async Task<CloudInstance> CreateAsync(NewInstance wanted, CancellationToken cancel)
    {
        await plugin.Lent.Grant.Need("cloud:write", "order servers");
        return await Call((open, either) => open.CreateAsync(wanted, either), cancel);
    }

    public async Task ActAsync(string instanceId, CloudAction action, CancellationToken cancel)
    {
        await plugin.Lent.Grant.Need("cloud:write", "change servers");
        await Call(async (open, either) =>
        {
            await open.ActAsync(instanceId, action, either);
            return true;
        }, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await unloading.DisposeAsync();
        if (inner is not null)
        {
            await Call(async (open, _) =>
            {
                await open.DisposeAsync();
                return true;
            }, CancellationToken.None);
        }

        inner = null;
    }

    private static async Task<List<CloudInstance>> All(ICloudAccount open, CancellationToken cancel)
    {
        var all = new List<CloudInstance>();
        await foreach (var instance in open.ListAsync(cancel).WithCancellation(cancel))
        {
            all.Add(all.Count < MostInstances ? instance : throw new UserFacingException($"The account lists more than {MostInstances} instances."));
        }

        return all;
    }

    private async Task<T> Read<T>(Func<ICloudAccount, CancellationToken, Task<T>> call, CancellationToken cancel)
    {
        await plugin.Lent.Grant.Need("cloud:read", "look at the account");
        return await Call(call, cancel);
    }

    private Task<T> Call<T>(Func<ICloudAccount, CancellationToken, Task<T>> call, CancellationToken cancel)
    {
        var open = inner ?? throw plugin.Gone();
        return TimedCall.Run(plugin, where, Limit, either => plugin.Call(where, async (_, stop) =>
        {
            using var handed = HandedSecrets.Give(plugin.Lent.Grant, HandedSecrets.In(plugin.Manifest, settings));
            return await call(open, stop);
        }, either), cancel);
    }
}
