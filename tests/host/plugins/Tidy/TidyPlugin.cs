using System.Text.Json.Serialization;
using MedicineMan.Sdk;
using MedicineMan.TestPlugins.Tidy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

[assembly: MedicineManPlugin(typeof(TidyPlugin))]

namespace MedicineMan.TestPlugins.Tidy;

/// <summary>Does with the generators of the plugin props what keeps code in memory without them.</summary>
public sealed class TidyPlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, TidyJson.Default));
        plugin.Services.AddSingleton<Shelf>();
        plugin.Routes(routes =>
        {
            routes.MapPost("/body", (Ware ware) => ware);
            routes.MapGet("/query", ([AsParameters] Ware ware) => ware.Name);
            routes.MapGet("/typed", (string? name, int? times, Shelf shelf) => shelf.Show(name, times));
            routes.MapGet("/results", () => Results.Json(new Ware { Name = "soap" }, TidyJson.Default.Ware));
            routes.MapGet("/bound", () => new ConfigurationBuilder().AddInMemoryCollection([new("Name", "soap")]).Build().Get<Ware>()!.Name);
        });
    }
}

/// <summary>What goes in and out.</summary>
public sealed record Ware
{
    /// <summary>What it is called.</summary>
    public string Name { get; set; } = "";
}

/// <summary>A service of the plugin's own.</summary>
internal sealed class Shelf
{
    private int asked;

    public string Show(string? name, int? times) => $"{++asked}: {times} {name}";
}

[JsonSerializable(typeof(Ware))]
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
internal sealed partial class TidyJson : JsonSerializerContext;
