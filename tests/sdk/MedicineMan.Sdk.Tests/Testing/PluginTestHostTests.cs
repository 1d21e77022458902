using System.Net;
using System.Text.Json.Serialization;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Events;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Servers;
using MedicineMan.Sdk.Settings;
using MedicineMan.Sdk.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Sdk.Tests.Testing;

/// The host in memory does to a plugin what the real one does.
public sealed class PluginTestHostTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("medicineman-kit-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task What_the_manifest_does_not_name_is_refused_all_at_once()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Start(plugin =>
        {
            plugin.Job<Count, CountArguments>("count", KitJson.Default.CountArguments);
            plugin.Schedule("count", () => new CountArguments(1));
            plugin.Permission("grant");
            plugin.On<Hearing>("server.added");
            plugin.Fragment("card", (_, _) => ValueTask.FromResult(new Sdk.Ui.UiModel()));
            plugin.Settings(KitJson.Default.KitSettings);
        }, "[]", "{}"));
        foreach (var word in new[] { "job \"count\"", "schedule of the job \"count\"", "permission \"grant\"", "event \"server.added\"", "fragment \"card\"", "Settings are registered" })
        {
            Assert.Contains(word, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_route_that_the_manifest_does_not_name_is_refused() =>
        Assert.Contains("route \"GET /secret\"", (await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Start(plugin => plugin.Routes(routes => routes.MapGet("/secret", () => "x")), "[]", "{}"))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_job_enqueues_another_once_under_its_key_and_both_run()
    {
        await using var host = await Start(
            plugin => plugin.Job<Count, CountArguments>("count", KitJson.Default.CountArguments),
            """[{"name": "jobs", "reason": "x"}]""", """{"jobs": [{"id": "count"}]}""");

        await host.RunJobAsync("count", new CountArguments(2));
        Assert.Equal("""{"left":1}""", Assert.Single(host.Setup.Jobs.Waiting).Arguments);
        var runs = await host.RunWaitingAsync();

        Assert.Equal(["1 left", "0 left"], runs.SelectMany(run => run.Lines));
        Assert.Empty(host.Setup.Jobs.Waiting);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task What_follows_a_group_waits_once_all_of_it_has_run(bool onlyAfterSuccess, int followsFailure)
    {
        await using var host = await Start(
            plugin => plugin.Job<Count, CountArguments>("count", KitJson.Default.CountArguments),
            """[{"name": "jobs", "reason": "x"}]""", """{"jobs": [{"id": "count"}]}""");
        var jobs = host.Setup.Jobs;
        JobGroup Group(params int[] counts) => new("Count", [.. counts.Select(count => new GroupedJob("count", new CountArguments(count)))])
        {
            Continuation = new GroupedJob("count", new CountArguments(0), new() { Priority = 3 }), OnlyAfterSuccess = onlyAfterSuccess,
        };

        var id = await jobs.EnqueueGroupAsync(Group(0, 0), default);
        Assert.Equal([id, id], jobs.Waiting.Select(job => job.Group));
        Assert.Equal(3, (await host.RunWaitingAsync()).Count);

        await jobs.EnqueueGroupAsync(Group(-1), default);
        await Assert.ThrowsAsync<UserFacingException>(() => host.RunWaitingAsync());
        Assert.Equal(followsFailure, jobs.Waiting.Count(job => job is { Options.Priority: 3, Group: null }));

        Assert.Throws<ArgumentException>(() => Group());
        Assert.Throws<ArgumentException>(() => Group(new int[JobGroup.MostJobs + 1]));
        Assert.Throws<ArgumentException>(() => new JobGroup(" ", [new GroupedJob("count", new CountArguments(0))]));
        Assert.Throws<ArgumentException>(() => new JobGroup("Count", [new GroupedJob("count", new CountArguments(0), new() { UniqueKey = "one" })]));
        await Assert.ThrowsAsync<InvalidOperationException>(() => jobs.EnqueueGroupAsync(new("Count", [new GroupedJob("count", new CountArguments(0)), new GroupedJob("count", 1)]), default).AsTask());
        Assert.Equal(followsFailure, jobs.Waiting.Count);
    }

    [Fact]
    public async Task A_capability_that_is_missing_or_was_refused_denies_the_call()
    {
        await using var missing = await Start(plugin => plugin.Job<Count, CountArguments>("count", KitJson.Default.CountArguments), "[]", """{"jobs": [{"id": "count"}]}""");
        Assert.Equal("jobs", (await Assert.ThrowsAsync<CapabilityDeniedException>(() => missing.RunJobAsync("count", new CountArguments(1)))).Capability);
        await using var refused = await Start(
            plugin => plugin.Job<Count, CountArguments>("count", KitJson.Default.CountArguments),
            """[{"name": "jobs", "reason": "x"}]""", """{"jobs": [{"id": "count"}]}""", setup => setup.Refuse("jobs"));
        Assert.Contains("did not approve", (await Assert.ThrowsAsync<CapabilityDeniedException>(() => refused.RunJobAsync("count", new CountArguments(1)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_programs_of_the_scope_start_and_files_need_their_own_capability()
    {
        await using var host = await Start(_ => { }, """[{"name": "targets:read", "reason": "x"}, {"name": "exec", "reason": "x", "scope": ["df"]}]""", "{}", setup =>
            setup.Servers.Add("db1", new ScriptedRunner(new ScriptedAnswer("df", "full"), new ScriptedAnswer("rm", ""))).Contents["/etc/hosts"] = [1]);
        var servers = host.Services.GetRequiredService<IServers>();
        var runner = await servers.RunnerAsync("db1", default);

        Assert.Equal("full", (await runner.RunTextAsync(new CommandSpec("/bin/df"), "", 100, default)).Output);
        await Assert.ThrowsAsync<CapabilityDeniedException>(() => runner.RunTextAsync(new CommandSpec("rm"), "", 100, default));
        var files = await servers.FilesAsync("db1", default);
        await Assert.ThrowsAsync<CapabilityDeniedException>(async () => await files.ReadAsync("/etc/hosts", default));
        Assert.Equal(["exec", "files:read"], host.Denied.Select(one => one.Capability));
    }

    [Theory]
    [InlineData("https://api.example.com/x", true)]
    [InlineData("https://a.example.org/", true)]
    [InlineData("http://127.0.0.1:8080/", true)]
    [InlineData("https://example.org/", false)]
    [InlineData("https://a.b.example.org/", false)]
    [InlineData("https://api.example.com:8443/", false)]
    [InlineData("http://127.0.0.1:8081/", false)]
    [InlineData("https://api.example.com.evil.net/", false)]
    public async Task Only_hosts_of_the_scope_are_called(string address, bool allowed)
    {
        await using var host = await Start(_ => { }, """[{"name": "net", "reason": "x", "scope": ["api.example.com", "*.example.org", "127.0.0.1:8080"]}]""", "{}", setup => setup.Http = new Silent());
        var http = host.Services.GetRequiredService<IPluginContext>().Http;
        if (allowed)
        {
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(address))).StatusCode);
        }
        else
        {
            await Assert.ThrowsAsync<CapabilityDeniedException>(() => http.GetAsync(new Uri(address)));
        }
    }

    [Fact]
    public async Task Settings_begin_with_the_defaults_of_the_schema_and_change_while_it_runs()
    {
        await using var host = await Start(
            plugin => plugin.Settings(KitJson.Default.KitSettings), "[]", "{}",
            settings: """{"type": "object", "properties": {"greeting": {"type": "string", "default": "Hi"}, "times": {"type": "integer", "default": 3}}}""");
        var settings = host.Services.GetRequiredService<IPluginSettings<KitSettings>>();
        Assert.Equal(("Hi", 3), (settings.Current.Greeting, settings.Current.Times));
        host.ChangeSettings("""{"greeting": "Hello"}""");
        Assert.Equal(("Hello", 0), (settings.Current.Greeting, settings.Current.Times));
    }

    [Fact]
    public async Task A_setting_without_a_place_in_the_plugin_s_type_is_refused_as_the_host_does() => Assert.Contains(
        "The setting \"tempo\" of plugin.json has no JSON property in KitSettings.",
        (await Assert.ThrowsAsync<InvalidOperationException>(() => Start(
            plugin => plugin.Settings(KitJson.Default.KitSettings), "[]", "{}", settings: """{"type": "object", "properties": {"greeting": {"type": "string"}, "tempo": {"type": "integer"}}}"""))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task Only_the_events_it_asked_for_reach_a_handler()
    {
        await using var host = await Start(plugin =>
        {
            plugin.Services.AddSingleton<List<string>>();
            plugin.On<Hearing>("server.added");
        }, "[]", """{"events": ["server.added"]}""");
        foreach (var type in new[] { "server.added", "server.removed" })
        {
            await host.RaiseAsync(new HostEvent { Id = type, Type = type, At = host.Clock.GetUtcNow() });
        }

        Assert.Equal(["server.added"], host.Services.GetRequiredService<List<string>>());
    }

    [Fact]
    public async Task A_route_that_throws_is_a_fault_and_a_sentence_is_none()
    {
        await using var host = await Start(plugin => plugin.Routes(routes =>
        {
            routes.MapGet("/broken", string () => throw new InvalidOperationException("broken"));
            routes.MapGet("/sorry", string () => throw new UserFacingException("Not today."));
        }), "[]", """{"routes": [{"method": "GET", "path": "/broken", "permission": "viewer"}, {"method": "GET", "path": "/sorry", "permission": "viewer"}]}""");
        Assert.Equal(HttpStatusCode.InternalServerError, (await host.Client.GetAsync("broken")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Client.GetAsync("sorry")).StatusCode);
        Assert.Equal("broken", Assert.Single(host.Faults).Message);
    }

    private Task<PluginTestHost> Start(Action<IPluginBuilder> configure, string capabilities, string contributes, Action<PluginTestSetup>? change = null, string? settings = null)
    {
        File.WriteAllText(Path.Combine(folder, "plugin.json"), $$"""
            {"id": "tests.kit", "version": "1.0.0", "name": "Kit", "entry": "x.dll", "capabilities": {{capabilities}}, "contributes": {{contributes}}{{(settings is null ? "" : $", \"settings\": {settings}")}}}
            """);
        return PluginTestHost.StartAsync(new Kit(configure), setup =>
        {
            setup.Folder = folder;
            change?.Invoke(setup);
        });
    }

    private sealed class Kit(Action<IPluginBuilder> configure) : IPlugin
    {
        public void Configure(IPluginBuilder plugin) => configure(plugin);
    }

    private sealed class Silent : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
    }
}

internal sealed class Count(IPluginContext host) : IJob<CountArguments>
{
    public async Task RunAsync(CountArguments arguments, IJobRun run, CancellationToken cancel)
    {
        run.Log(arguments.Left >= 0 ? $"{arguments.Left} left" : throw new UserFacingException("There is less than nothing left."));
        if (arguments.Left > 0)
        {
            var next = new CountArguments(arguments.Left - 1);
            Assert.Equal(await host.Jobs.EnqueueAsync("count", next, new() { UniqueKey = "one" }, cancel), await host.Jobs.EnqueueAsync("count", next, new() { UniqueKey = "one" }, cancel));
        }
    }
}

internal sealed record CountArguments(int Left);

internal sealed class Hearing(List<string> heard) : IEventHandler
{
    public Task HandleAsync(HostEvent happened, CancellationToken cancel)
    {
        heard.Add(happened.Type);
        return Task.CompletedTask;
    }
}

internal sealed class KitSettings
{
    public string Greeting { get; set; } = "";

    public int Times { get; set; }
}

[JsonSerializable(typeof(CountArguments))]
[JsonSerializable(typeof(KitSettings))]
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
internal sealed partial class KitJson : JsonSerializerContext;
