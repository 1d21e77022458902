using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Host.Plugins.Settings;
using MedicineMan.Sdk.Events;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Ui;

namespace MedicineMan.Host.Plugins.Loading;

/// Runs a job of a plugin out of the plugin's own services.
internal delegate Task JobInvocation(IServiceProvider services, JsonElement arguments, IJobRun run, CancellationToken cancel);

/// Makes the data of a fragment.
internal delegate ValueTask<UiModel> FragmentSource(FragmentContext context, CancellationToken cancel);

internal sealed record JobContribution(string Id, JobInvocation Run, JsonTypeInfo Arguments);

/// Makes the arguments of a run, as JSON.
internal sealed record ScheduleContribution(string JobId, Func<string> Arguments);

internal sealed record EventContribution(string Handler, IReadOnlyList<string> Types, Func<IServiceProvider, HostEvent, CancellationToken, Task> Handle);

internal sealed record ProviderContribution(Type Contract, string Kind, Type Provider);

internal sealed record FragmentContribution(string Id, string Slot, FragmentTemplate Template, FragmentSource Source);

/// What a plugin registered in Configure, checked against its manifest.
internal sealed record Contributions(
    IReadOnlyList<JobContribution> Jobs, IReadOnlyList<ProviderContribution> Providers, IReadOnlyList<FragmentContribution> Fragments,
    IReadOnlyList<Action<IEndpointRouteBuilder>> Routes)
{
    public IReadOnlyList<ScheduleContribution> Schedules { get; init; } = [];

    public IReadOnlyList<EventContribution> Events { get; init; } = [];

    /// Null when it has nothing to set.
    public SettingsContribution? Settings { get; init; }

    public static Contributions None { get; } = new([], [], [], []);
}
