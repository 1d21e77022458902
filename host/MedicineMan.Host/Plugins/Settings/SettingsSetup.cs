using MedicineMan.Host.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Host.Plugins.Settings;

internal static class SettingsSetup
{
    public static void AddPluginSettings(this IServiceCollection services)
    {
        services.AddSingleton<SettingsOnLoad>();
        if (services.Any(service => service.ServiceType == typeof(Database)))
        {
            services.AddSingleton<SettingSecrets>().AddSingleton<PluginSettingsStore>().AddSingleton<PluginSettings>();
            services.AddHostedService<SettingsWatch>();
        }
    }
}
