using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Events;
using MedicineMan.Sdk.Testing.Hosting;
using MedicineMan.Sdk.Testing.Lent;
using MedicineMan.Sdk.Ui;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace MedicineMan.Sdk.Testing;

/// <summary>
/// A plugin in memory: configured and started as the host does it, with fakes for all it lends. What the plugin registers without naming it
/// in <c>plugin.json</c> fails the start, and a call without its capability is refused, as in the host.
/// </summary>
/// <remarks>It draws no templates: test the data that <see cref="FragmentAsync"/> gives; the host checks the template when it loads the plugin.</remarks>
public sealed class PluginTestHost : IAsyncDisposable
{
    private readonly IPlugin plugin;
    private readonly TestManifest manifest;
    private readonly TestBuilder builder;
    private readonly TestRoutes routes;
    private readonly TestContext context;
    private readonly ServiceProvider services;
    private readonly WebApplication web;
    private readonly ServiceProvider net;
    private readonly Grant grant;
    private readonly RecordedLog log;
    private readonly CancellationTokenSource unloading;

    private PluginTestHost(
        IPlugin plugin, TestManifest manifest, PluginTestSetup setup, FakeTimeProvider clock, TestBuilder builder, TestRoutes routes, TestContext context,
        ServiceProvider services, WebApplication web, ServiceProvider net, Grant grant, RecordedLog log, CancellationTokenSource unloading)
    {
        (this.plugin, this.manifest, Setup, Clock, this.builder, this.routes, this.context) = (plugin, manifest, setup, clock, builder, routes, context);
        (this.services, this.web, this.net, this.grant, this.log, this.unloading) = (services, web, net, grant, log, unloading);
        Client = ClientAs("admin");
    }

    /// <summary>The fakes the plugin was given.</summary>
    public PluginTestSetup Setup { get; }

    /// <summary>The clock the plugin sees; it stands until it is moved.</summary>
    public FakeTimeProvider Clock { get; }

    /// <summary>Calls the plugin's routes as an administrator. Addresses are relative to <c>/plugins/{id}/</c>: <c>greeting</c>, not <c>/greeting</c>.</summary>
    public HttpClient Client { get; }

    /// <summary>The plugin's own services.</summary>
    public IServiceProvider Services => services;

    /// <summary>Who the manifest says the plugin is.</summary>
    public PluginInfo Info => manifest.Info;

    /// <summary>What it logged, each line with its level in front.</summary>
    public IReadOnlyList<string> Log => log.Lines;

    /// <summary>What its routes threw that was no sentence for a person.</summary>
    public IReadOnlyList<Exception> Faults => routes.Faults;

    /// <summary>Calls that were refused for want of a capability.</summary>
    public IReadOnlyList<CapabilityDeniedException> Denied => grant.Denied;

    /// <summary>Starts a plugin.</summary>
    /// <exception cref="InvalidOperationException">The host would refuse it; the message names every reason.</exception>
    public static Task<PluginTestHost> StartAsync<TPlugin>(Action<PluginTestSetup>? change = null, CancellationToken cancel = default)
        where TPlugin : IPlugin, new() => StartAsync(new TPlugin(), change, cancel);

    /// <summary>Starts a plugin that is there already.</summary>
    public static async Task<PluginTestHost> StartAsync(IPlugin plugin, Action<PluginTestSetup>? change = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        var setup = new PluginTestSetup();
        change?.Invoke(setup);
        var manifest = TestManifest.Read(setup.Folder ?? Path.GetDirectoryName(plugin.GetType().Assembly.Location)!);
        var grant = new Grant(manifest, setup);
        (setup.Servers.Grant, setup.Secrets.Grant, setup.Store.Grant, setup.Series.Grant, setup.Jobs.Grant) = (grant, grant, grant, grant, grant);
        var (clock, log, unloading) = (new FakeTimeProvider(setup.Now), new RecordedLog(), new CancellationTokenSource());

        var (web, net) = (Web(), Net(grant, setup));
        var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log));
        var context = new TestContext(manifest, setup, loggers.CreateLogger(manifest.Info.Id), net.GetRequiredService<IHttpClientFactory>().CreateClient("net"), unloading.Token);
        var collection = Lend(context, clock, loggers);
        var builder = new TestBuilder(manifest, collection, setup.Settings ?? manifest.DefaultSettings());
        setup.Jobs.Find = id => builder.Jobs.GetValueOrDefault(id) ?? throw new UserFacingException($"{manifest.Info.Name} has no job {id}.");
        plugin.Configure(builder);
        setup.Replacing(collection);
        builder.Check();

        var services = collection.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
        var routes = new TestRoutes(manifest, builder, services);
        ((IEndpointRouteBuilder)web).DataSources.Add(routes.Map());
        builder.Check();
        await web.StartAsync(cancel);
        await plugin.StartAsync(context, cancel);
        return new PluginTestHost(plugin, manifest, setup, clock, builder, routes, context, services, web, net, grant, log, unloading);
    }

    /// <summary>Loads the plugin in a folder as the host does, uses it, lets go of it, and fails unless the runtime then collects its code.</summary>
    /// <param name="folder">What the plugin was built into. Build it in the configuration Release: Debug keeps locals alive.</param>
    /// <param name="use">Uses it; every route without parameters that answers GET and every fragment are called in any case.</param>
    public static Task AssertUnloadsAsync(string folder, Func<PluginTestHost, Task>? use = null) => Unloading.Assert(folder, use);

    /// <summary>Calls the plugin's routes as somebody else.</summary>
    /// <param name="role"><c>viewer</c>, <c>operator</c> or <c>admin</c>; empty for nobody.</param>
    /// <param name="permissions">Permissions of the plugin's own that this person was given beside the role.</param>
    public HttpClient ClientAs(string role, params IReadOnlyList<string> permissions)
    {
        var client = web.GetTestClient();
        client.BaseAddress = new Uri($"http://localhost/plugins/{manifest.Info.Id}/");
        client.DefaultRequestHeaders.Add(TestRoutes.Role, role);
        client.DefaultRequestHeaders.Add(TestRoutes.Permissions, string.Join(',', permissions));
        return client;
    }

    /// <summary>Runs a job to its end. The arguments are written as JSON and read again, as in the host's queue.</summary>
    public Task<RecordedRun> RunJobAsync<TArguments>(string job, TArguments arguments, CancellationToken cancel = default) =>
        RunStoredJobAsync(job, Registered(job).Write(job, arguments, typeof(TArguments)), cancel: cancel);

    /// <summary>Runs a job with arguments that are JSON already, as an older version may have stored them.</summary>
    public async Task<RecordedRun> RunStoredJobAsync(string job, string json, RecordedRun? run = null, CancellationToken cancel = default)
    {
        run ??= new RecordedRun();
        await using var scope = services.CreateAsyncScope();
        await Registered(job).Run(scope.ServiceProvider, json, run, cancel);
        return run;
    }

    /// <summary>Runs a scheduled job as if its time had come.</summary>
    public Task<RecordedRun> RunScheduledAsync(string job, CancellationToken cancel = default) => RunStoredJobAsync(
        job, builder.Schedules.GetValueOrDefault(job)?.Invoke() ?? throw new InvalidOperationException($"The job \"{job}\" has no schedule."), cancel: cancel);

    /// <summary>Runs what waits in the queue, what that enqueues and what follows its groups, oldest first.</summary>
    public async Task<IReadOnlyList<RecordedRun>> RunWaitingAsync(CancellationToken cancel = default)
    {
        var runs = new List<RecordedRun>();
        while (Setup.Jobs.Take() is { } next)
        {
            var failed = true;
            try
            {
                runs.Add(await RunStoredJobAsync(next.Job, next.Arguments, new RecordedRun { JobId = next.Id }, cancel));
                failed = false;
            }
            finally
            {
                Setup.Jobs.Ended(next, failed);
            }
        }

        return runs;
    }

    /// <summary>The data of a fragment.</summary>
    public async Task<UiModel> FragmentAsync(string id, string? serverId = null, CancellationToken cancel = default)
    {
        var model = builder.Fragments.GetValueOrDefault(id) ?? throw new InvalidOperationException($"{Info.Name} has no fragment \"{id}\".");
        await using var scope = services.CreateAsyncScope();
        return await model(new FragmentContext(serverId, Setup.Culture, scope.ServiceProvider), cancel);
    }

    /// <summary>The provider of a kind, such as <c>Provider&lt;IBackupProvider&gt;("postgres")</c>.</summary>
    public TContract Provider<TContract>(string kind)
        where TContract : class, IProvider =>
        builder.Providers.TryGetValue((ProviderContracts.NameOf(typeof(TContract)), kind), out var provider)
            ? (TContract)services.GetRequiredService(provider)
            : throw new InvalidOperationException($"{Info.Name} provides no {typeof(TContract).Name} of the kind \"{kind}\".");

    /// <summary>A runner that starts only the programs the manifest names under <c>exec</c>, as the host hands it to providers.</summary>
    public ICommandRunner Lend(ICommandRunner runner) => new GrantedRunner(grant, runner);

    /// <summary>Tells the plugin's handlers of an event.</summary>
    public async Task RaiseAsync(HostEvent happened, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(happened);
        foreach (var (_, handler) in builder.Handlers.Where(one => one.Type == happened.Type))
        {
            await using var scope = services.CreateAsyncScope();
            await ((IEventHandler)scope.ServiceProvider.GetRequiredService(handler)).HandleAsync(happened, cancel);
        }
    }

    /// <summary>Saves other settings while the plugin runs.</summary>
    public void ChangeSettings(string json) =>
        (builder.ChangeSettings ?? throw new InvalidOperationException($"{Info.Name} has no settings."))(json);

    /// <summary>Stops the plugin as the host does: its token fires, then it is asked to stop, then its services are disposed.</summary>
    public async ValueTask DisposeAsync()
    {
        await unloading.CancelAsync();
        await plugin.StopAsync(CancellationToken.None);
        Client.Dispose();
        await web.DisposeAsync();
        await net.DisposeAsync();
        await services.DisposeAsync();
        context.Dispose();
        unloading.Dispose();
        // The handlers of an HTTP client live on for a while, and through the fakes they would hold the plugin's code.
        Setup.Jobs.Find = null;
    }

    internal async Task UseAll()
    {
        foreach (var route in manifest.Routes.Where(route => route.Method == "GET" && !route.Path.Contains('{', StringComparison.Ordinal)))
        {
            using var answer = await Client.GetAsync(new Uri(route.Path.TrimStart('/'), UriKind.Relative));
        }

        foreach (var fragment in builder.Fragments.Keys)
        {
            await FragmentAsync(fragment);
        }
    }

    private TestJob Registered(string job) => builder.Jobs.GetValueOrDefault(job) ?? throw new InvalidOperationException($"{Info.Name} has no job \"{job}\".");

    private static WebApplication Web()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseTestServer();
        builder.Services.AddRouting();
        return builder.Build();
    }

    /// In a container of its own: the factory holds its container for as long as its handlers live, and with it whatever else is there.
    private static ServiceProvider Net(Grant grant, PluginTestSetup setup)
    {
        var collection = new ServiceCollection();
        collection.AddHttpClient("net").ConfigurePrimaryHttpMessageHandler(() =>
            new NetGate(grant) { InnerHandler = setup.Http ?? new SocketsHttpHandler { AllowAutoRedirect = false } });
        return collection.BuildServiceProvider();
    }

    /// All a plugin's container gets; its loggers are closed over plugin types in its own container, as in the host.
    private static ServiceCollection Lend(TestContext context, TimeProvider clock, ILoggerFactory loggers)
    {
        var collection = new ServiceCollection();
        collection.AddOptions();
        collection.AddSingleton(clock);
        collection.AddSingleton(loggers);
        collection.TryAdd(ServiceDescriptor.Singleton(typeof(ILogger<>), typeof(Logger<>)));
        collection.AddSingleton<IPluginContext>(context).AddSingleton(context.Info);
        collection.AddSingleton(context.Servers).AddSingleton(context.Secrets).AddSingleton(context.Store).AddSingleton(context.Jobs).AddSingleton(context.Series);
        return collection;
    }
}
