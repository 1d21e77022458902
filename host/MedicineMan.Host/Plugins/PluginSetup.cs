using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Routes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace MedicineMan.Host.Plugins;

/// Plugins come in with two lines of Program.cs.
internal static class PluginSetup
{
    /// Registers the room. Call it before the job workers are registered, so that the plugins are up when the first job is claimed.
    public static IServiceCollection AddPlugins(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PluginOptions>().Bind(configuration.GetSection(PluginOptions.Section));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PluginEndpoints>();
        services.AddSingleton<PluginCatalogue>();
        services.AddSingleton<PluginRoutes>();
        services.AddSingleton<PluginLoad>();
        services.AddSingleton<PluginLifecycle>();
        services.AddSingleton<Providers>();
        services.AddSingleton<PluginJobs>();
        services.AddSingleton<Fragments.Fragments>();
        services.AddHostedService<PluginStart>();
        services.AddHostedService<Development.DevelopmentFolders>();
        return services;
    }

    /// Routes requests to the plugins. Call it once; plugins come and go behind it.
    public static void MapPlugins(this IEndpointRouteBuilder routes) => routes.DataSources.Add(routes.ServiceProvider.GetRequiredService<PluginEndpoints>());
}

/// Loads the plugins while the host gets ready and retires them when it stops.
internal sealed class PluginStart(PluginLifecycle lifecycle) : IHostedLifecycleService
{
    private Task loading = Task.CompletedTask;

    // Begun before any service starts, awaited in this one's turn: migrations and the like overlap with it.
    public Task StartingAsync(CancellationToken cancel)
    {
        loading = lifecycle.LoadAll(cancel);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancel) => loading;

    public Task StartedAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancel) => Task.CompletedTask;

    // Last, when the listener and the workers have let go of the plugins.
    public Task StoppedAsync(CancellationToken cancel) => lifecycle.RetireAll();
}
