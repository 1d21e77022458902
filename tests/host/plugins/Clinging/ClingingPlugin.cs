using MedicineMan.Sdk;
using MedicineMan.TestPlugins.Clinging;

[assembly: MedicineManPlugin(typeof(ClingingPlugin))]

namespace MedicineMan.TestPlugins.Clinging;

/// A plugin that never lets go: a timer of the process calls its code for ever.
public sealed class ClingingPlugin : IPlugin
{
    private static Timer? timer;

    private static long ticks;

    public void Configure(IPluginBuilder plugin) => timer ??= new Timer(_ => Interlocked.Increment(ref ticks), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
}
