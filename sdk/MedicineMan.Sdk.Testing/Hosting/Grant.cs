using System.Collections.Concurrent;

namespace MedicineMan.Sdk.Testing.Hosting;

/// Which capabilities the plugin under test has: those its manifest names, less those the test refuses.
internal sealed class Grant(TestManifest manifest, PluginTestSetup setup)
{
    private readonly ConcurrentQueue<CapabilityDeniedException> denied = new();

    public IReadOnlyList<CapabilityDeniedException> Denied => [.. denied];

    /// The scope the capability was granted for.
    public IReadOnlyList<string> Need(string capability)
    {
        var named = manifest.Capabilities.Where(one => one.Name == capability).ToList();
        if (named.Count == 0)
        {
            throw Refuse(capability, "plugin.json does not name it.");
        }

        return setup.Refused.Contains(capability)
            ? throw Refuse(capability, "the administrator did not approve it.")
            : [.. named.SelectMany(one => one.Scope), .. setup.Scopes.Where(one => one.Capability == capability).Select(one => one.Entry)];
    }

    public CapabilityDeniedException Refuse(string capability, string reason)
    {
        var refusal = new CapabilityDeniedException(capability, reason);
        denied.Enqueue(refusal);
        return refusal;
    }
}
