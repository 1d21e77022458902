using System.Text;
using MedicineMan.Sdk;

namespace MedicineMan.Samples.Permits;

/// The requests, in the plugin's own store: a key for each, its value "open" or the moment it was granted.
internal sealed class Requests(IPluginContext host, TimeProvider clock)
{
    private const string Prefix = "request/";

    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancel)
    {
        var lines = new List<string>();
        await foreach (var key in host.Store.KeysAsync(Prefix, cancel))
        {
            if (await host.Store.GetAsync(key, cancel) is { } state)
            {
                lines.Add($"{key[Prefix.Length..]}: {Encoding.UTF8.GetString(state.Span)}");
            }
        }

        return lines;
    }

    /// Granting twice is granting once: the first moment stays.
    public async Task GrantAsync(string name, CancellationToken cancel)
    {
        var state = await host.Store.GetAsync(Prefix + name, cancel) ?? throw new UserFacingException($"There is no request {name}. The list shows those there are.");
        if (state.Span.SequenceEqual("open"u8))
        {
            await host.Store.SetAsync(Prefix + name, Encoding.UTF8.GetBytes($"granted {clock.GetUtcNow():yyyy-MM-dd HH:mm}"), cancel);
        }
    }
}
