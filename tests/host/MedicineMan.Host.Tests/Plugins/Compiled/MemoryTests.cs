using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Memory;
using MedicineMan.Host.Tests.Cli;
using MedicineMan.Testbed;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// A plugin that keeps a little more at every request, and how much the host takes it to hold.
[Collection(nameof(Alone))]
public sealed class MemoryTests : IDisposable
{
    private const string Id = "tests.hungry";

    private readonly TemporaryFolder folder = new("hungry");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("static", 24)]
    [InlineData("injected", 24)]
    [InlineData("captured", 24)]
    [InlineData("strings", 24)]
    [InlineData("dictionary", 24)]
    [InlineData("queue", 24)]
    [InlineData("records", 24)]
    [InlineData("sleeping", 24)]
    // What is the host's or the framework's is nobody's to hold against it.
    [InlineData("borrowed", 0)]
    // One large thing among many small ones is not taken for all of them.
    [InlineData("mixed", 8)]
    public async Task What_a_plugin_keeps_is_found_wherever_it_hangs(string where, int mebibytes)
    {
        await using var host = await PluginTestHost.Start([Hungry()]);
        var empty = await Weighed(host);

        await Eat(host, where);
        var weight = await Weighed(host) - empty;

        Assert.InRange(weight / (double)(1 << 20), mebibytes * 0.7, (mebibytes * 1.4) + 0.5);
        await host.Lifecycle.Retire(Id);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync($"/plugins/{Id}/eat?where=static")).StatusCode);
        Assert.Equal(0, await Resident(host.Catalogue));
    }

    [Fact]
    public async Task One_that_keeps_more_and_more_is_taken_out_and_its_memory_comes_back()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        host.Get<IOptions<PluginOptions>>().Value.MostMemory = 40 << 20;
        await host.Get<PluginLifecycle>().Load(Hungry(), CancellationToken.None);
        var (watch, catalogue) = (host.Get<MemoryWatch>(), host.Get<PluginCatalogue>());
        for (var meal = 0; meal < 3; meal++)
        {
            Assert.Equal(HttpStatusCode.OK, (await owner.Get($"/plugins/{Id}/eat?where=static")).Status);
            await watch.Look(CancellationToken.None);
            // Too much for the first time at the second meal: it may be for a moment.
            Assert.Equal(meal < 2, catalogue.Find(Id)!.State is PluginState.Started);
            await Shown(host, owner, catalogue.Find(Id)!.Memory!);
        }

        var status = catalogue.Find(Id)!;
        Assert.Equal((PluginState.Faulted, "MM1084"), (status.State, status.Code));
        Assert.Matches(@"tests\.hungry 1\.0\.0 keeps 7\d(\.\d)? MiB of memory, and may keep 40 MiB\. .* raise Plugins:MostMemory\.", status.Reason);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.Get($"/plugins/{Id}/eat?where=static")).Status);
        var audited = (await host.Get<AuditLog>().Page(OrganizationId.Default, null, 50, CancellationToken.None)).Items.Single(row => row.Action == "plugin.overgrown");
        Assert.Equal((Id, "MM1084"), (audited.SubjectId, JsonDocument.Parse(audited.Detail!).RootElement.GetProperty("code").GetString()));

        Assert.Equal(0, await Resident(catalogue));
        var without = GC.GetTotalMemory(true);
        await host.Get<PluginLifecycle>().Load(Hungry(), CancellationToken.None);
        await owner.Get($"/plugins/{Id}/eat?where=static");
        Assert.InRange(GC.GetTotalMemory(true) - without, 20L << 20, 32L << 20);
    }

    [Fact]
    public async Task A_call_that_hangs_in_it_holds_its_memory_no_longer_than_it_lasts()
    {
        await using var host = await PluginTestHost.Start([Hungry()], options => (options.MostMemory, options.DrainTimeLimit) = (8 << 20, TimeSpan.Zero));
        var hanging = host.Client.GetStringAsync($"/plugins/{Id}/hang");
        await Eat(host, "static");
        await host.Of<MemoryWatch>().Look(CancellationToken.None);
        await host.Of<MemoryWatch>().Look(CancellationToken.None);
        Assert.Equal((PluginState.Faulted, 1), (host.Catalogue.Find(Id)!.State, host.Catalogue.StillInMemory(Id)));

        // It ends by itself after two seconds; nothing but the watch collects.
        for (var look = 0; host.Catalogue.StillInMemory(Id) > 0 && look < 15; look++)
        {
            await Task.Delay(500);
            await host.Of<MemoryWatch>().Look(CancellationToken.None);
        }

        Assert.Equal(0, host.Catalogue.StillInMemory(Id));
        await Record.ExceptionAsync(() => hanging);
    }

    [Fact]
    public async Task The_watch_looks_by_itself()
    {
        await using var host = await PluginTestHost.Start([Hungry()], options => (options.MostMemory, options.MemoryLook) = (8 << 20, TimeSpan.FromMilliseconds(100)));

        await Eat(host, "static");

        for (var tries = 0; host.Catalogue.Find(Id)!.State is not PluginState.Faulted && tries < 200; tries++)
        {
            await Task.Delay(50);
        }

        Assert.Equal("MM1084", host.Catalogue.Find(Id)!.Code);
    }

    private static async Task Shown(TestHost host, TestBrowser owner, MemoryEstimate memory)
    {
        var text = Host.Shell.Size.Text(memory.Bytes);
        Assert.Contains($"about {text}", (await owner.Get($"/settings/plugins/{Id}")).Text, StringComparison.Ordinal);
        using var caller = await Api.ApiCaller.As(host, Role.Viewer);
        Assert.Equal(memory.Bytes, (await caller.Get($"plugins/{Id}")).Json.GetProperty("memory").GetProperty("bytes").GetInt64());
        Assert.Contains(text, CommandTests.Remote(host, await CommandTests.Token(host, Role.Viewer), ["plugin", "list"]).Output, StringComparison.Ordinal);
    }

    private static async Task Eat(PluginTestHost host, string where) => Assert.Equal("eaten", await host.Client.GetStringAsync($"/plugins/{Id}/eat?where={where}"));

    private static async Task<long> Weighed(PluginTestHost host)
    {
        await host.Of<MemoryWatch>().Look(CancellationToken.None);
        var memory = host.Catalogue.Find(Id)!.Memory!;
        Assert.True(memory.IsWhole);
        Assert.InRange(memory.Code, 3_000, 100_000);
        return memory.Bytes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<int> Resident(PluginCatalogue catalogue)
    {
        for (var round = 0; catalogue.StillInMemory(Id) > 0 && round < 40; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(20);
        }

        return catalogue.StillInMemory(Id);
    }

    private string Hungry()
    {
        if (File.Exists(folder["plugin/TestPlugin.dll"]))
        {
            return folder["plugin"];
        }

        return CompiledPlugin.Make(folder["plugin"], Id, """
            static readonly List<byte[]> Kept = [];
            static readonly List<object> Borrowed = [];
            static object? any;

            public void Configure(IPluginBuilder plugin)
            {
                plugin.Services.AddSingleton<Larder>();
                plugin.Routes(routes =>
                {
                    var captured = new List<byte[]>();
                    routes.MapGet("/hang", (RequestDelegate)(async _ => { await Task.Delay(2000, CancellationToken.None); GC.KeepAlive(Kept); }));
                    routes.MapGet("/eat", (RequestDelegate)(context =>
                    {
                        Eat(context, captured);
                        return context.Response.WriteAsync("eaten");
                    }));
                });
            }

            static byte[][] Meal() => [.. Enumerable.Range(0, 24 * 16).Select(_ => new byte[64 * 1024])];

            static void Eat(HttpContext context, List<byte[]> captured)
            {
                switch ((string?)context.Request.Query["where"])
                {
                    case "static": Kept.AddRange(Meal()); break;
                    case "injected": context.RequestServices.GetRequiredService<Larder>().Kept.Enqueue(Meal()); break;
                    case "captured": captured.AddRange(Meal()); break;
                    // A string of 100 characters has 222 bytes, and 8 in its list.
                    case "strings": any = Enumerable.Range(0, (24 << 20) / 232).Select(at => new string('x', 92) + at.ToString("00000000")).ToList(); break;
                    // The same, with an entry of 24 bytes and a place of 4 in the dictionary.
                    case "dictionary": any = Enumerable.Range(0, (24 << 20) / 260).ToDictionary(at => at, at => new string('x', 92) + at.ToString("00000000")); break;
                    case "queue":
                        var queue = new System.Collections.Concurrent.ConcurrentQueue<byte[]>();
                        foreach (var one in Enumerable.Range(0, 24 * 1024)) { queue.Enqueue(new byte[1000]); }
                        any = queue;
                        break;
                    // Each 40 bytes, and 8 in its array; every second one is missing.
                    case "records": any = Enumerable.Range(0, (24 << 20) / 28).Select(at => at % 2 == 0 ? null : new Bite(at, at, at)).ToArray(); break;
                    case "sleeping": any = Sleep(Meal()); break;
                    case "borrowed": Borrowed.AddRange([context, context.RequestServices.GetRequiredService<IPluginContext>(), TimeProvider.System, System.Buffers.ArrayPool<byte>.Shared, Thread.CurrentThread,
                        typeof(string), AppDomain.CurrentDomain, context.RequestServices.GetRequiredService<System.Net.Http.HttpClient>(), System.Globalization.CultureInfo.CurrentCulture, context.RequestAborted]); break;
                    case "mixed": any = new List<object>([new byte[8 << 20], .. Enumerable.Range(0, 20_000).Select(at => (object)new byte[1])]); break;
                }
            }

            static async Task Sleep(byte[][] meal) { await new TaskCompletionSource().Task; GC.KeepAlive(meal); }

            public sealed class Larder { public Queue<byte[][]> Kept { get; } = new(); }

            public sealed record Bite(long One, long Two, long Three);
            """, ["/eat", "/hang"]);
    }
}
