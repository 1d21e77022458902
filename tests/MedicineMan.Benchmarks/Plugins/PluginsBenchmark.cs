using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;
using MedicineMan.Benchmarks.Web;
using MedicineMan.Host.Plugins;
using MedicineMan.Testbed;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Benchmarks.Plugins;

/// <summary>What a plugin costs: loading one more, a request through it beside one that the host answers itself, and a start with twenty.</summary>
internal static class PluginsBenchmark
{
    private const int Warm = 10;
    private const int Loads = 40;
    private const int Requests = 6000;
    private const int Many = 20;

    public static async Task<int> Run()
    {
        using var folder = new TemporaryFolder("bench-plugins");
        await LoadAndCall(folder);
        await StartWithMany(folder);
        return 0;
    }

    private static async Task LoadAndCall(TemporaryFolder folder)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication();
        builder.Services.AddAuthorizationBuilder().AddPolicy("viewer", policy => policy.RequireAssertion(_ => true));
        builder.Services.AddAntiforgery();
        builder.Services.AddPlugins(builder.Configuration);
        builder.Services.Configure<PluginOptions>(options => (options.Folder, options.RegistryFile) = (folder.Path, Registry(folder, "none.json", 0)));
        await using var app = builder.Build();
        app.UseAuthorization();
        app.MapPlugins();
        app.MapGet("/greeting", () => "Hello, world, from Hello 0.1.0.").RequireAuthorization("viewer");
        await app.StartAsync();

        var lifecycle = app.Services.GetRequiredService<PluginLifecycle>();
        List<double> times = [];
        long before = 0;
        for (var at = 0; at < Warm + Loads; at++)
        {
            if (at == Warm)
            {
                before = Resident();
            }

            var place = Copy(folder, at);
            var clock = Stopwatch.StartNew();
            await lifecycle.Load(place, default);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        Figure.Print("plugins.load", Median(times.Skip(Warm)), null, "<=25", "ms");
        Figure.Print("plugins.load.memory", (Resident() - before) / (double)Loads / (1 << 20), null, "<=1", "MiB");

        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        List<double> host = [], plugin = [];
        for (var request = 0; request < Requests; request++)
        {
            // In turns, so that whatever else the machine does meets both alike.
            host.Add(await Time(client, "/greeting"));
            plugin.Add(await Time(client, "/plugins/bench.p0/greeting"));
        }

        Figure.Print("plugins.request", Median(plugin.Skip(Requests / 4)), Median(host.Skip(Requests / 4)), "<=1.1", "us");
    }

    private static async Task StartWithMany(TemporaryFolder folder)
    {
        await PreparedHost.Prepare(folder["data"], 10);
        List<double> seconds = [];
        for (var run = 0; run < 5; run++)
        {
            await using var program = await HostProgram.Start(folder["data"], ("Plugins__Folder", folder.Path), ("Plugins__RegistryFile", Registry(folder, "many.json", Many)));
            seconds.Add(program.SecondsToReady);
        }

        Figure.Print("plugins.start.twenty", Median(seconds), null, "<=3", "s");
    }

    private static async Task<double> Time(HttpClient client, string path)
    {
        var started = Stopwatch.GetTimestamp();
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync();
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
    }

    private static string Copy(TemporaryFolder folder, int at)
    {
        var from = typeof(PluginsBenchmark).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "MedicineMan.Samples.Hello").Value!;
        var to = folder[$"p{at}"];
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }

        var manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(to, "plugin.json")))!.AsObject();
        (manifest["id"], manifest["publisher"]) = ($"bench.p{at}", "bench");
        File.WriteAllText(Path.Combine(to, "plugin.json"), manifest.ToJsonString());
        return to;
    }

    private static string Registry(TemporaryFolder folder, string name, int count)
    {
        var plugins = new JsonArray([.. Enumerable.Range(0, count).Select(at => (JsonNode)new JsonObject
        {
            ["id"] = $"bench.p{at}", ["name"] = $"p{at}", ["source"] = "bundled", ["folder"] = $"p{at}", ["versions"] = new JsonArray(new JsonObject { ["version"] = "0.1.0", ["sdk"] = ">=1.0 <2.0" }),
        })]);
        File.WriteAllText(folder[name], new JsonObject
        {
            ["registry"] = 1, ["name"] = "Benchmark", ["updated"] = "2026-01-01T00:00:00Z", ["serial"] = 1, ["publishers"] = new JsonArray(), ["plugins"] = plugins,
        }.ToJsonString());
        return folder[name];
    }

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    private static double Median(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
