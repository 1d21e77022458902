namespace MedicineMan.Sdk;

/// <summary>The front door of a plugin: says all it contributes, and does nothing else.</summary>
/// <remarks>
/// The host catches whatever a plugin throws, marks it as faulted and goes on without it. Members are only ever added with a
/// default implementation.
/// </remarks>
public interface IPlugin
{
    /// <summary>Registers the contributions. No input or output; it has five seconds. All of it must be named in <c>plugin.json</c>.</summary>
    void Configure(IPluginBuilder plugin);

    /// <summary>Called once before the first contribution is used. Throwing here refuses the load.</summary>
    ValueTask StartAsync(IPluginContext context, CancellationToken cancel) => ValueTask.CompletedTask;

    /// <summary>Called after the last contribution was used; it has ten seconds, then the plugin is retired all the same.</summary>
    ValueTask StopAsync(CancellationToken cancel) => ValueTask.CompletedTask;
}
