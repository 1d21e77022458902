using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Routes;
using MedicineMan.Host.Plugins.Settings;
using MedicineMan.Sdk;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Plugins.Loading;

/// Turns a plugin's folder into a running version, step by step. Every step's failure becomes a sentence with a code, and what was loaded
/// up to there is let go.
internal sealed class PluginLoad(
    IOptions<PluginOptions> options, PluginRoutes routes, Lending lending, SettingsOnLoad settings, Breadcrumbs crumbs, ILoggerFactory loggers, TimeProvider clock)
{
    /// <param name="granted">The capabilities of its manifest that an administrator approved.</param>
    public async Task<LoadedPlugin> Load(PluginPackage package, PluginEntry entry, IReadOnlyList<Capability> granted, CancellationToken cancel)
    {
        var plugin = new LoadedPlugin(package.Manifest, entry, new Visits(entry, crumbs, options.Value, clock));
        plugin.Hold(lending.To(plugin, package, granted));
        var crumb = crumbs.Drop(Breadcrumbs.Of(package.Manifest.Id, Quarantine.Load));
        try
        {
            await Load(package, plugin, cancel);
            return plugin;
        }
        catch
        {
            await plugin.Retire(TimeSpan.Zero, options.Value.StopTimeLimit, clock);
            throw;
        }
        finally
        {
            crumbs.Pick(crumb);
        }
    }

    private async Task Load(PluginPackage package, LoadedPlugin plugin, CancellationToken cancel)
    {
        var manifest = package.Manifest;
        var name = $"{manifest.Name} {manifest.Version}";
        var entry = Step("MM1010", $"{manifest.Entry} of {name} can't be loaded:", "Install the plugin again; if that does not help, its author must see this.", () =>
        {
            plugin.Hold(LoadContext.Open(package.EntryFile, unloads: !options.Value.ForOneCommand));
            return Entry(plugin, name);
        });

        var services = HostServices(plugin.Lent, plugin.Entry.Log.Over(loggers));
        var builder = new PluginBuilder(package, services);
        await Budget("MM1012", "MM1013", $"{name} failed in Configure:", options.Value.ConfigureTimeLimit, _ =>
        {
            entry.Configure(builder);
            return ValueTask.CompletedTask;
        }, cancel);
        var contributions = builder.Build();

        Step("MM1015", $"The services of {name} can't be built:", "Its author must register what is missing.", () =>
        {
            var built = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
            plugin.Hold(built, contributions);
            _ = contributions.Providers.Select(provider => built.GetRequiredService(provider.Provider)).ToArray();
            return built;
        });
        plugin.Hold(Step("MM1018", $"The routes of {name} can't be mapped:", "Its author must correct them.", () => routes.Map(plugin)));
        await Budget("MM1080", "MM1081", $"The settings of {name} can't be used:", options.Value.StartTimeLimit, async late => await settings.Give(plugin, late), cancel);
        await Budget("MM1016", "MM1016", $"{name} failed in StartAsync:", options.Value.StartTimeLimit, plugin.Start, cancel);
        plugin.Entry.Becomes(PluginState.Loaded);
    }

    private static IPlugin Entry(LoadedPlugin plugin, string name) =>
        plugin.Open(out var reason) ?? throw new PluginRefusedException(new PluginProblem(
            "MM1011", $"{name} has no front door: {reason}", "The host constructs the one type that the assembly's attribute names.", "Its author must name a public, sealed IPlugin there."));

    /// All a plugin's container gets of the host. Only finished objects enter it, so that disposing it never disposes the host's; its loggers
    /// are closed over plugin types in its own container, since the host's would keep those types for ever.
    private ServiceCollection HostServices(PluginContext context, ILoggerFactory loggers)
    {
        var services = new ServiceCollection();
        services.AddOptions();
        services.AddSingleton(clock);
        services.AddSingleton(loggers);
        services.TryAdd(ServiceDescriptor.Singleton(typeof(ILogger<>), typeof(Logger<>)));
        context.AddTo(services);
        return services;
    }

    private static T Step<T>(string code, string what, string fix, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception exception) when (exception is not PluginRefusedException)
        {
            throw Refused(code, what, exception, fix);
        }
    }

    private async Task Budget(string code, string lateCode, string what, TimeSpan limit, Func<CancellationToken, ValueTask> step, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            await Task.Run(() => step(late.Token).AsTask(), CancellationToken.None).WaitAsync(limit, clock, cancel);
        }
        catch (TimeoutException)
        {
            await late.CancelAsync();
            throw new PluginRefusedException(new PluginProblem(lateCode, $"{what} it took longer than {limit.TotalSeconds:0.#} seconds.",
                "A plugin that hangs must not hold up the host.", "Its author must move the work into a job."));
        }
        catch (Exception exception) when (exception is not PluginRefusedException && !cancel.IsCancellationRequested)
        {
            throw Refused(code, what, exception, "Its author must see this; the log has the details.");
        }
    }

    // Only the text goes on: an exception carries frames and types that would pin the plugin.
    private static PluginRefusedException Refused(string code, string what, Exception exception, string fix) =>
        new(new PluginProblem(code, $"{what} {PluginEntry.Sentence(exception)}", "Nothing of it is used, and nothing else is touched.", fix));
}
