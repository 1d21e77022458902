using MedicineMan.Samples.Permits;
using MedicineMan.Sdk;
using Microsoft.Extensions.DependencyInjection;

[assembly: MedicineManPlugin(typeof(PermitsPlugin))]

namespace MedicineMan.Samples.Permits;

/// <summary>Two routes: everybody may read, only people with the permission "grant" may grant.</summary>
public sealed class PermitsPlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Services.AddSingleton<Requests>();
        plugin.Permission("grant");
        plugin.Routes(PermitRoutes.Map);
    }
}
