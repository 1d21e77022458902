using System.Text.Json.Serialization.Metadata;
using MedicineMan.Sdk.Events;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Ui;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Sdk;

/// <summary>The verbs by which a plugin contributes. Implemented by the host alone, so it may grow.</summary>
public interface IPluginBuilder
{
    /// <summary>Who this plugin is, as its manifest says.</summary>
    PluginInfo Info { get; }

    /// <summary>The plugin's own container. It never reaches another plugin's, nor the host's.</summary>
    IServiceCollection Services { get; }

    /// <summary>Maps routes below <c>/plugins/{id}</c>. The host adds sign-in, anti-forgery, limits and fault containment.</summary>
    void Routes(Action<IEndpointRouteBuilder> map);

    /// <summary>Contributes a job type. Its id must stand under <c>contributes.jobs</c> of the manifest.</summary>
    void Job<TJob, TArguments>(string id, JsonTypeInfo<TArguments> arguments)
        where TJob : class, IJob<TArguments>;

    /// <summary>Has a job run on the schedule that the manifest gives it, with these arguments.</summary>
    /// <param name="job">Id of a job whose <c>cron</c> the manifest sets, in UTC; registered before.</param>
    /// <param name="arguments">Made anew for each run.</param>
    void Schedule<TArguments>(string job, Func<TArguments> arguments);

    /// <summary>Says which settings the plugin has: the shape of what the form of the manifest's <c>settings</c> produces.</summary>
    void Settings<T>(JsonTypeInfo<T> json)
        where T : class, new();

    /// <summary>Contributes a permission of the plugin's own, named under <c>contributes.permissions</c>; routes ask for it in the manifest.</summary>
    void Permission(string id);

    /// <summary>Hears of what happens in the host; the types of events stand under <c>contributes.events</c>.</summary>
    void On<THandler>(params ReadOnlySpan<string> eventTypes)
        where THandler : class, IEventHandler;

    /// <summary>Contributes a piece of a page: the data for the Scriban template that the manifest names for this id.</summary>
    void Fragment(string id, Func<FragmentContext, CancellationToken, ValueTask<UiModel>> model);

    /// <summary>Contributes a provider, such as a backup provider or a scanner, under a kind that the manifest names.</summary>
    void Provide<TProvider>(string kind)
        where TProvider : class, IProvider;
}

/// <summary>Who a plugin is.</summary>
/// <param name="Id"><c>publisher.name</c>, for instance <c>medicineman.postgres</c>; never changes.</param>
/// <param name="Version">Semantic version of the package.</param>
/// <param name="Name">What an operator reads, at most 60 characters.</param>
public sealed record PluginInfo(string Id, string Version, string Name);
