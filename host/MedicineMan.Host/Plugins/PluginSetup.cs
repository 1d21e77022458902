using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Routes;
using MedicineMan.Host.Plugins.Settings;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

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
        services.AddSingleton(provider => new Breadcrumbs(StateFile(provider, "breadcrumbs")));
        services.AddSingleton(provider => new Quarantine(
            StateFile(provider, "quarantine.json"), provider.GetRequiredService<Breadcrumbs>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Quarantine>>()));
        services.AddSingleton<StrayFailures>();
        services.AddSingleton<PluginRoutes>();
        services.AddSingleton<Capabilities.Refusals>().AddSingleton<Capabilities.ScratchRoom>().AddSingleton<Capabilities.Lending>();
        services.AddSingleton<PluginLoad>();
        services.AddSingleton<PluginLifecycle>();
        services.AddSingleton<Providers>();
        services.AddSingleton<PluginJobs>();
        services.AddSingleton<Fragments.Fragments>();
        services.AddSingleton<Slots.PluginPages>();
        services.AddSingleton<Actions.PluginActions>().AddSingleton<Actions.ActionForms>();
        services.AddPluginSettings();
        services.AddHostedService<PluginStart>();
        services.AddSingleton<Memory.MemoryWatch>().AddHostedService(provider => provider.GetRequiredService<Memory.MemoryWatch>());
        services.AddHostedService<Development.DevelopmentFolders>();
        return services;
    }

    private static string? StateFile(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IOptions<PluginOptions>>().Value.StateFolder is { } folder ? Path.Combine(folder, name) : null;

    /// Routes requests to the plugins. Call it once, after what the host maps itself; plugins come and go behind it.
    public static void MapPlugins(this IEndpointRouteBuilder routes)
    {
        EndpointDataSource[] own = [.. routes.DataSources];
        routes.DataSources.Clear();
        foreach (var source in own)
        {
            routes.DataSources.Add(new KeptEndpoints(source));
        }

        routes.DataSources.Add(routes.ServiceProvider.GetRequiredService<PluginEndpoints>());
    }
}

/// Loads the plugins while the host gets ready and retires them when it stops.
/// <param name="installed">Absent where there is no database: then the bundled plugins are all there are.</param>
internal sealed class PluginStart(PluginLifecycle lifecycle, Faults.Breadcrumbs crumbs, Packages.InstalledStart? installed = null) : IHostedLifecycleService
{
    private Task loading = Task.CompletedTask;

    // Begun before any service starts, awaited in this one's turn: migrations and the like overlap with it.
    public Task StartingAsync(CancellationToken cancel)
    {
        loading = installed?.LoadAll(cancel) ?? lifecycle.LoadAll(cancel);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancel) => loading;

    public Task StartedAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancel) => Task.CompletedTask;

    // Last, when the listener and the workers have let go of the plugins.
    public async Task StoppedAsync(CancellationToken cancel)
    {
        await lifecycle.RetireAll();
        crumbs.Sweep();
    }
}
