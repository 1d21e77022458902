using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Settings;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Settings;
using MedicineMan.Sdk.Ui;

namespace MedicineMan.Host.Plugins.Loading;

/// Takes down what a plugin registers and notes whatever its manifest does not name.
internal sealed partial class PluginBuilder(PluginPackage package, IServiceCollection services) : IPluginBuilder
{
    private readonly List<JobContribution> jobs = [];
    private readonly List<ProviderContribution> providers = [];
    private readonly List<FragmentContribution> fragments = [];
    private readonly List<Action<IEndpointRouteBuilder>> routes = [];
    private readonly List<PluginProblem> problems = [];
    private SettingsContribution? settings;

    public PluginInfo Info => package.Manifest.Info;

    public IServiceCollection Services => services;

    public void Routes(Action<IEndpointRouteBuilder> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        routes.Add(map);
    }

    public void Job<TJob, TArguments>(string id, JsonTypeInfo<TArguments> arguments)
        where TJob : class, IJob<TArguments>
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (Declared("job", id, package.Manifest.Jobs.Any(job => job.Id == id), jobs.Exists(job => job.Id == id)))
        {
            services.AddScoped<TJob>();
            jobs.Add(new JobContribution(id, (scope, json, run, cancel) => scope.GetRequiredService<TJob>().RunAsync(Read(id, json, arguments), run, cancel), arguments));
        }
    }

    public void Settings<T>(JsonTypeInfo<T> json)
        where T : class, new()
    {
        ArgumentNullException.ThrowIfNull(json);
        if (Declared("settings", typeof(T).Name, package.Manifest.Settings is not null, settings is not null))
        {
            var live = new LiveSettings<T>(Info.Name, json);
            var unread = live.Unread(package.Manifest.Settings!.Fields.Select(field => field.Name));
            if (unread.Count > 0)
            {
                problems.Add(new PluginProblem("MM1014", $"{Info.Name} has the settings {string.Join(", ", unread)} in its manifest, and {typeof(T).Name} has no JSON property of that name.",
                    "What an administrator enters there would never reach the plugin.", "Give its JsonSerializerContext [JsonSourceGenerationOptions(JsonSerializerDefaults.Web)], or the property a [JsonPropertyName]."));
            }

            settings = live;
            services.AddSingleton<IPluginSettings<T>>(live);
        }
    }

    public void Fragment(string id, Func<FragmentContext, CancellationToken, ValueTask<UiModel>> model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var declaration = package.Manifest.Fragments.FirstOrDefault(fragment => fragment.Id == id);
        if (!Declared("fragment", id, declaration is not null, fragments.Exists(fragment => fragment.Id == id)) || declaration is null)
        {
            return;
        }

        var (template, faults) = FragmentTemplate.Read(package, declaration);
        problems.AddRange(faults);
        if (template is not null)
        {
            fragments.Add(new FragmentContribution(id, declaration.Slot, template, new FragmentSource(model)));
        }
    }

    public void Provide<TProvider>(string kind)
        where TProvider : class, IProvider
    {
        Type[] contracts = [.. ProviderContracts.Of(typeof(TProvider))];
        if (contracts.Length == 0)
        {
            problems.Add(new PluginProblem("MM1014", $"{Info.Name} provides \"{kind}\" with {typeof(TProvider).Name}, which is none of {string.Join(", ", ProviderContracts.Names)}.",
                "The host would not know what to ask it.", "Implement one of the SDK's provider interfaces."));
        }

        services.AddSingleton<TProvider>();
        foreach (var contract in contracts)
        {
            var name = ProviderContracts.NameOf(contract);
            if (Declared($"{name} provider", kind, package.Manifest.Providers.Any(one => one.Contract == name && one.Kind == kind),
                    providers.Exists(one => one.Contract == contract && one.Kind == kind)))
            {
                providers.Add(new ProviderContribution(contract, kind, typeof(TProvider)));
            }
        }
    }

    /// <exception cref="PluginRefusedException">Names every registration that does not hold.</exception>
    public Contributions Build()
    {
        problems.AddRange(Mispressed());
        return problems.Count == 0
            ? new Contributions(jobs, providers, fragments, routes) { Schedules = schedules, Events = events, Settings = settings }
            : throw new PluginRefusedException(problems);
    }

    // What a button gives and its job has no place for would be dropped without a word, and the job would run with less than was drawn.
    private IEnumerable<PluginProblem> Mispressed() =>
        from fragment in fragments
        from button in fragment.Template.Buttons
        let job = jobs.Find(job => job.Id == package.Manifest.Actions.FirstOrDefault(action => action.Id == button.Action)?.Job)
        where job is not null
        from argument in JsonNames.Unread(job.Arguments, button.Arguments)
        select new PluginProblem("MM1014", $"A button in the fragment \"{fragment.Id}\" of {Info.Name} gives \"{argument}\" to the job \"{job.Id}\", and {job.Arguments.Type.Name} has no JSON property of that name.",
            "What the button gives would never reach the job.", "Give its JsonSerializerContext [JsonSourceGenerationOptions(JsonSerializerDefaults.Web)], or correct the name in the template.");

    private bool Declared(string what, string id, bool inManifest, bool already)
    {
        if (!inManifest || already)
        {
            problems.Add(new PluginProblem("MM1014", already ? $"{Info.Name} registers the {what} \"{id}\" twice." : $"{Info.Name} registers the {what} \"{id}\", which its manifest does not name.",
                "A person approves what the manifest names, and nothing beyond it.", "Name it once under contributes in plugin.json."));
        }

        return inManifest && !already;
    }

    private T Read<T>(string id, JsonElement json, JsonTypeInfo<T> type)
    {
        try
        {
            return json.Deserialize(type) ?? throw new JsonException("It is null.");
        }
        catch (JsonException unreadable)
        {
            throw new UserFacingException($"{Info.Name} can't read the arguments of the job \"{id}\": {unreadable.Message} Start the job anew.", unreadable) { Permanent = true };
        }
    }
}
