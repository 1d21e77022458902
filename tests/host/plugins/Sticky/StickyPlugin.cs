using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;
using MedicineMan.TestPlugins.Sticky;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

[assembly: MedicineManPlugin(typeof(StickyPlugin))]

namespace MedicineMan.TestPlugins.Sticky;

/// <summary>Does one thing at a time that may keep its code in memory after it was retired. Which of its routes there are the file "mood" says.</summary>
public sealed class StickyPlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Services.AddSingleton<Habits>();
        plugin.Job<Hang, Thing>("hang", ThingJson.Default.Thing);
        plugin.Job<HangOn, Thing>("hang-on", ThingJson.Default.Thing);
        plugin.Routes(routes =>
        {
            // Each binder is in the way of the others: it is mapped only when it is the one that is looked at.
            switch (Mood())
            {
                case "poco":
                    routes.MapGet("/poco", () => new Thing { Name = "a thing", Kind = Kind.Large });
                    break;
                case "typed":
                    routes.MapGet("/poco", (HttpContext context, string? name, int? times) => $"{name}{times}{context.Request.Method}");
                    break;
                case "typed with a service":
                    routes.MapGet("/poco", (string? name, int? times, Habits habits) => $"{name}{times}{habits}");
                    break;
                case "results":
                    routes.MapGet("/poco", () => Results.Json(new Thing { Name = "a thing", Kind = Kind.Large }));
                    break;
                case "typed results":
                    routes.MapGet("/poco", () => TypedResults.Ok(new Thing { Name = "a thing", Kind = Kind.Large }));
                    break;
                case "body":
                    routes.MapPost("/body", (Thing thing) => thing.Name);
                    break;
                default:
                    routes.MapGet("/do/{what}", async context =>
                        await context.Response.WriteAsync(await context.RequestServices.GetRequiredService<Habits>().Do((string)context.Request.RouteValues["what"]!, context)));
                    break;
            }
        });
    }

    /// <inheritdoc />
    public ValueTask StartAsync(IPluginContext context, CancellationToken cancel)
    {
        if (Mood() == "start token")
        {
            cancel.Register(() => GC.KeepAlive(this));
        }

        return ValueTask.CompletedTask;
    }

    private static string Mood()
    {
        var file = Path.Combine(Path.GetDirectoryName(typeof(StickyPlugin).Assembly.Location)!, "mood");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }
}

/// <summary>Never ends by itself, nor when it is asked to.</summary>
internal sealed class Hang : IJob<Thing>
{
    /// <inheritdoc />
    public Task RunAsync(Thing arguments, IJobRun run, CancellationToken cancel) => Task.Delay(Timeout.Infinite, CancellationToken.None);
}

/// <summary>Wants to be told by its token when the job is over for long.</summary>
internal sealed class HangOn : IJob<Thing>
{
    /// <inheritdoc />
    public Task RunAsync(Thing arguments, IJobRun run, CancellationToken cancel)
    {
        cancel.Register(() => arguments.Name = "");
        return Task.CompletedTask;
    }
}

/// <summary>What crosses a framework that caches types.</summary>
public sealed class Thing
{
    /// <summary>A name.</summary>
    [System.ComponentModel.DataAnnotations.Required]
    public string Name { get; set; } = "";

    /// <summary>An enumeration of the plugin's own.</summary>
    public Kind Kind { get; set; }
}

/// <summary>An enumeration of the plugin's own.</summary>
public enum Kind
{
    /// <summary>One.</summary>
    Small,

    /// <summary>The other.</summary>
    Large,
}
