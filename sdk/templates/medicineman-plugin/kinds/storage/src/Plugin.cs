using Acme.Sample;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(Plugin))]

namespace Acme.Sample;

/// <summary>One storage.</summary>
public sealed class Plugin : IPlugin
{
    public void Configure(IPluginBuilder plugin) => plugin.Provide<FolderProvider>("folder");
}
