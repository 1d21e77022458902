using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MedicineMan.Sdk.Events;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Settings;
using MedicineMan.Sdk.Ui;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Sdk.Testing.Hosting;

/// Takes down what a plugin registers and notes, as the host does, whatever its manifest does not name.
internal sealed class TestBuilder(TestManifest manifest, IServiceCollection services, string settings) : IPluginBuilder
{
    private readonly List<string> problems = [];

    public PluginInfo Info => manifest.Info;

    public IServiceCollection Services => services;

    public List<Action<IEndpointRouteBuilder>> Mapped { get; } = [];

    public Dictionary<string, TestJob> Jobs { get; } = [];

    public Dictionary<string, Func<string>> Schedules { get; } = [];

    public Dictionary<string, Func<FragmentContext, CancellationToken, ValueTask<UiModel>>> Fragments { get; } = [];

    public Dictionary<(string Contract, string Kind), Type> Providers { get; } = [];

    public List<(string Type, Type Handler)> Handlers { get; } = [];

    /// Gives the settings another value, once the plugin has any.
    public Action<string>? ChangeSettings { get; private set; }

    public void Routes(Action<IEndpointRouteBuilder> map) => Mapped.Add(map);

    public void Job<TJob, TArguments>(string id, JsonTypeInfo<TArguments> arguments)
        where TJob : class, IJob<TArguments>
    {
        Declared("job", id, manifest.Jobs.Any(job => job.Id == id), Jobs.ContainsKey(id));
        services.AddScoped<TJob>();
        Jobs[id] = new TestJob(arguments, (scope, json, run, cancel) => scope.GetRequiredService<TJob>().RunAsync(Read(json, arguments), run, cancel));
    }

    public void Schedule<TArguments>(string job, Func<TArguments> arguments)
    {
        Declared("schedule of the job", job, manifest.Jobs.Any(one => one.Id == job && one.Cron is not null), Schedules.ContainsKey(job));
        if (!Jobs.TryGetValue(job, out var registered))
        {
            problems.Add($"Schedule(\"{job}\") comes before the job is registered.");
            return;
        }

        Schedules[job] = () => registered.Write(job, arguments(), typeof(TArguments));
    }

    public void Settings<T>(JsonTypeInfo<T> json)
        where T : class, new()
    {
        if (!manifest.Json.TryGetProperty("settings", out _))
        {
            problems.Add("Settings are registered, and plugin.json has no \"settings\".");
        }

        if (json.Kind is JsonTypeInfoKind.Object && !json.Properties.Any(property => property.IsExtensionData))
        {
            var names = json.Properties.Select(property => property.Name).ToHashSet(json.Options.PropertyNameCaseInsensitive ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
            problems.AddRange(manifest.SettingNames.Where(name => !names.Contains(name)).Select(name =>
                $"The setting \"{name}\" of plugin.json has no JSON property in {typeof(T).Name}. Give its JsonSerializerContext [JsonSourceGenerationOptions(JsonSerializerDefaults.Web)], or the property a [JsonPropertyName]."));
        }

        var kept = new TestSettings<T> { Current = Read(settings, json) };
        ChangeSettings = text => kept.Current = Read(text, json);
        services.AddSingleton<IPluginSettings<T>>(kept);
    }

    public void Permission(string id) => Declared("permission", id, manifest.Permissions.Any(one => one.Id == id), already: false);

    public void On<THandler>(params ReadOnlySpan<string> eventTypes)
        where THandler : class, IEventHandler
    {
        services.AddScoped<THandler>();
        foreach (var type in eventTypes)
        {
            Declared("event", type, manifest.Events.Contains(type), already: false);
            Handlers.Add((type, typeof(THandler)));
        }
    }

    public void Fragment(string id, Func<FragmentContext, CancellationToken, ValueTask<UiModel>> model)
    {
        var declared = manifest.Fragments.FirstOrDefault(one => one.Id == id);
        Declared("fragment", id, declared.Id is not null, Fragments.ContainsKey(id));
        if (declared.Template is { } template && !File.Exists(Path.Combine(manifest.Folder, template)))
        {
            problems.Add($"The template {template} of the fragment \"{id}\" is not in {manifest.Folder}.");
        }

        Fragments[id] = model;
    }

    public void Provide<TProvider>(string kind)
        where TProvider : class, IProvider
    {
        services.AddSingleton<TProvider>();
        var contracts = ProviderContracts.Of(typeof(TProvider)).ToList();
        if (contracts.Count == 0)
        {
            problems.Add($"{typeof(TProvider).Name} implements none of the SDK's provider interfaces.");
        }

        foreach (var contract in contracts)
        {
            Declared($"{contract} provider", kind, manifest.Providers.Contains((contract, kind)), Providers.ContainsKey((contract, kind)));
            Providers[(contract, kind)] = typeof(TProvider);
        }
    }

    public void Route(string method, string path) => Declared("route", $"{method} {path}", manifest.Routes.Any(route => route.Method == method && route.Path == path), already: false);

    /// <exception cref="InvalidOperationException">Names every registration that the host would refuse.</exception>
    public void Check()
    {
        if (problems.Count > 0)
        {
            throw new InvalidOperationException($"The host would refuse {Info.Name}:\n{string.Join('\n', problems)}");
        }
    }

    private void Declared(string what, string id, bool inManifest, bool already)
    {
        if (!inManifest || already)
        {
            problems.Add(already ? $"It registers the {what} \"{id}\" twice." : $"It registers the {what} \"{id}\", which plugin.json does not name under contributes.");
        }
    }

    private static T Read<T>(string json, JsonTypeInfo<T> type) =>
        JsonElement.Parse(json).Deserialize(type) ?? throw new UserFacingException($"{json} is no {typeof(T).Name}.") { Permanent = true };
}

/// A registered job.
internal sealed record TestJob(JsonTypeInfo Arguments, Func<IServiceProvider, string, IJobRun, CancellationToken, Task> Run)
{
    public string Write(string job, object? arguments, Type given) => Arguments.Type == given
        ? JsonSerializer.Serialize(arguments, Arguments)
        : throw new InvalidOperationException($"The job \"{job}\" takes {Arguments.Type.Name}, not {given.Name}.");
}

internal sealed class TestSettings<T> : IPluginSettings<T>
    where T : class
{
    public required T Current { get; set; }
}
