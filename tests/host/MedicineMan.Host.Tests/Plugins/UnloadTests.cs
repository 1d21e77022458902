using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MedicineMan.Host.Plugins;
using MedicineMan.Testbed;
using Microsoft.Extensions.Hosting;

namespace MedicineMan.Host.Tests.Plugins;

/// What a retired plugin's code is let go after, and what keeps it for ever. The second list is what .NET does today: a line that moves to the first
/// is good news, and the authors' guide must then be changed.
public sealed class UnloadTests
{
    private const string Id = "tests.sticky";

    public static TheoryData<string> LetGo => new(
        "nothing", "throw", "hang", "json generated", "logger", "options", "activator", "enum", "expression", "http client", "meter", "activity", "async local", "own token", "request token", "start token", "job token",
        "json by reflection", "poco", "typed", "results", "typed results", "host token", "hang in a job");

    public static TheoryData<string> Kept => new("configuration", "type descriptor", "newtonsoft", "validator", "dynamic", "timer", "thread", "background task", "process exit", "cancel key press", "handle", "body", "typed with a service", "connection token");

    [Theory]
    [MemberData(nameof(LetGo))]
    public async Task Code_is_collected_after(string habit) => Assert.Equal(0, await ResidentAfter(habit));

    [Theory]
    [MemberData(nameof(Kept))]
    public async Task Code_stays_after_but_is_out_of_reach_and_counted(string habit) => Assert.Equal(1, await ResidentAfter(habit));

    /// What keeps code without the generators of the plugin props, or would, lets it go with them.
    [Fact]
    public async Task Code_is_collected_after_bodies_parameters_services_answers_and_bindings_that_are_generated()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Tidy]);

        await UseTidyAndRetire(host);

        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await host.Client.GetAsync("/plugins/tests.tidy/bound")).StatusCode);
        Assert.Equal(0, await Resident(host, "tests.tidy"));
    }

    private static async Task<int> ResidentAfter(string habit)
    {
        using var folder = new TemporaryFolder("sticky");
        PluginFolders.Copy(PluginFolders.Sticky, folder["plugin"]);
        await File.WriteAllTextAsync(folder["plugin/mood"], habit);
        await using var host = await PluginTestHost.Start([], options =>
            (options.DrainTimeLimit, options.RouteTimeLimit) = (TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(300)));
        // Begun with the token that ends with the host: what the plugin sees of it must be its own.
        await host.Lifecycle.Load(folder["plugin"], host.Of<IHostApplicationLifetime>().ApplicationStopping);
        await UseAndRetire(host, habit);

        // Another request, so that the server's pooled state lets go of the last one.
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await host.Client.GetAsync($"/plugins/{Id}/do/nothing")).StatusCode);
        return await Resident(host, Id);
    }

    // A frame of its own: the caller's locals would keep what was touched here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task UseTidyAndRetire(PluginTestHost host)
    {
        Assert.Equal("""{"name":"soap"}""", await (await Post(host, "/plugins/tests.tidy/body", new { name = "soap" })).Content.ReadAsStringAsync());
        Assert.Equal("soap", await host.Client.GetStringAsync("/plugins/tests.tidy/query?name=soap"));
        Assert.Equal("1: 3 soap", await host.Client.GetStringAsync("/plugins/tests.tidy/typed?name=soap&times=3"));
        Assert.Equal("""{"name":"soap"}""", await host.Client.GetStringAsync("/plugins/tests.tidy/results"));
        Assert.Equal("soap", await host.Client.GetStringAsync("/plugins/tests.tidy/bound"));
        await host.Lifecycle.Retire("tests.tidy");
    }

    // A frame of its own: the caller's locals would keep what was touched here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task UseAndRetire(PluginTestHost host, string habit)
    {
        using var answer = habit switch
        {
            "poco" or "typed" or "typed with a service" or "results" or "typed results" => await host.Client.GetAsync($"/plugins/{Id}/poco"),
            "body" => await Post(host, $"/plugins/{Id}/body", new { name = "x" }),
            "hang in a job" => await Job(host, "hang"),
            "job token" => await Job(host, "hang-on"),
            _ => await host.Client.GetAsync($"/plugins/{Id}/do/{Uri.EscapeDataString(habit)}"),
        };
        Assert.Equal(habit switch { "throw" => 500, "hang" => 504, _ => 200 }, (int)answer.StatusCode);
        await host.Lifecycle.Retire(Id);
    }

    private static async Task<HttpResponseMessage> Post(PluginTestHost host, string address, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = JsonContent.Create(body) };
        request.Headers.Add("Authorization", "Bearer token");
        return await host.Client.SendAsync(request);
    }

    /// A job that may still be inside when its plugin is retired.
    private static async Task<HttpResponseMessage> Job(PluginTestHost host, string job)
    {
        var running = host.Of<PluginJobs>().Run($"plugin:{Id}/{job}", JsonElement.Parse("{}"), new RecordedRun(), host.Of<IHostApplicationLifetime>().ApplicationStopping);
        await Task.WhenAny(running, Task.Delay(100));
        return await host.Client.GetAsync($"/plugins/{Id}/do/nothing");
    }

    private static async Task<int> Resident(PluginTestHost host, string plugin)
    {
        for (var round = 0; host.Catalogue.Find(plugin)!.Resident > 0 && round < 24; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(20);
        }

        return host.Catalogue.Find(plugin)!.Resident;
    }
}
