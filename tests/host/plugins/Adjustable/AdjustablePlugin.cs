using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Settings;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Ui;
using MedicineMan.TestPlugins.Adjustable;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

[assembly: MedicineManPlugin(typeof(AdjustablePlugin))]

namespace MedicineMan.TestPlugins.Adjustable;

/// <summary>Has a setting of every kind, a fragment in every slot and a button. What the fragments draw stands in "values.json" beside it.</summary>
public sealed class AdjustablePlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Settings(AdjustableJson.Default.AdjustableSettings);
        plugin.Services.AddSingleton<ITestSettings<AdjustableSettings>, Trial>().AddSingleton<IMigrateSettings, Migration>();
        plugin.Job<Act, ActArguments>("act", AdjustableJson.Default.ActArguments);
        plugin.Provide<Cellar>("cellar");
        plugin.Routes(routes => routes.MapGet("/current", Current));
        foreach (var id in (string[])["card", "tab", "summary", "detail", "section", "page"])
        {
            plugin.Fragment(id, Draw);
        }
    }

    // A method with its type written down: the generator of routes does not see what the one of JSON makes.
    private static string Current(IPluginSettings<AdjustableSettings> settings) => JsonSerializer.Serialize(settings.Current, AdjustableJson.Default.AdjustableSettings);

    private static ValueTask<UiModel> Draw(FragmentContext context, CancellationToken cancel)
    {
        string[] values = File.Exists(Values) ? JsonSerializer.Deserialize(File.ReadAllText(Values), AdjustableJson.Default.StringArray)! : ["one"];
        return values is ["fail"]
            ? throw new InvalidOperationException("no data today")
            : ValueTask.FromResult(new UiModel { ["subject"] = context.SubjectId ?? "nobody", ["items"] = UiValue.List(values.Select(value => (UiValue)value)) });
    }

#pragma warning disable IL3000 // A plugin lies in a folder; nothing is ever packed into a single file.
    private static string Values => Path.Combine(Path.GetDirectoryName(typeof(AdjustablePlugin).Assembly.Location)!, "values.json");
#pragma warning restore IL3000
}

internal sealed record AdjustableSettings
{
    // What version 1 calls the name.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Label { get; set; }

    public string Name { get; set; } = "";
    public bool Loud { get; set; }
    public string Mode { get; set; } = "";
    public string? Certificate { get; set; }
    public int Port { get; set; }
    public string? Password { get; set; }
    public double? Ratio { get; set; }
    public string[] Tags { get; set; } = [];
    public int[] Levels { get; set; } = [];
    public string? Site { get; set; }
    public TimeSpan Every { get; set; }
    public string? When { get; set; }
    public string? Folder { get; set; }
    public string? Host { get; set; }
}

internal sealed class Trial : ITestSettings<AdjustableSettings>
{
    public Task TestAsync(AdjustableSettings settings, CancellationToken cancel) => settings.Name switch
    {
        "refused" => throw new UserFacingException("The other side refused <b>this</b> name."),
        "boom" => throw new InvalidOperationException("a fault of the author's"),
        _ => Task.CompletedTask,
    };
}

/// Version 1 called the name a label.
internal sealed class Migration : IMigrateSettings
{
    public ValueTask<JsonObject> MigrateAsync(int fromVersion, JsonObject settings, CancellationToken cancel)
    {
        if (settings["label"]?.GetValue<string>() is { } label)
        {
            settings["name"] = label == "cannot" ? throw new InvalidOperationException("no way across") : label;
        }

        return ValueTask.FromResult(settings);
    }
}

internal sealed class Act : IJob<ActArguments>
{
    public Task RunAsync(ActArguments arguments, IJobRun run, CancellationToken cancel)
    {
        run.Log(arguments.Value);
        return Task.CompletedTask;
    }
}

internal sealed record ActArguments(string Value, string? OtherValue = null);

internal sealed class Cellar : IStorageProvider
{
    public string DisplayName => "Cellar";

    public ValueTask<IStorageBackend> OpenAsync(JsonElement settings, CancellationToken cancel) => throw new UserFacingException("The cellar is locked.") { Permanent = true };
}

[JsonSerializable(typeof(AdjustableSettings))]
[JsonSerializable(typeof(ActArguments))]
[JsonSerializable(typeof(string[]))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class AdjustableJson : JsonSerializerContext;
