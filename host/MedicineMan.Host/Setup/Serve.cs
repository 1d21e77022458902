using System.Reflection;

namespace MedicineMan.Host.Setup;

/// Runs the web server until it is told to stop, and says plainly where it is and what to do first.
internal static class Serve
{
    public static async Task<int> Run(HostSettings settings, CancellationToken cancel, Action<WebApplicationBuilder>? adapt = null)
    {
        await using var app = await HostComposition.Start(settings, cancel, adapt);
        // The token is made only now: a second start that finds the port taken must not spoil the token the first one printed.
        var token = await app.Services.GetRequiredService<SetupToken>().Issue(cancel);
        var url = app.Urls.First().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal);
        await Console.Out.WriteLineAsync($"""
            Medicine Man {Version}
              URL             {url}
              Data directory  {settings.Data}
            """);
        if (token is not null)
        {
            await Console.Out.WriteLineAsync($"""
                  Setup token     {token}

                There is no administrator yet. Open this link once to become the first:
                  {url}/setup?token={token}

                """);
        }

        await Console.Out.WriteLineAsync("Ready. Ctrl+C stops it.");
        _ = GiveBack(app.Lifetime.ApplicationStopping);
        await app.WaitForShutdownAsync(cancel);
        return 0;
    }

    /// Runs jobs until it is told to stop, and lets those that run finish, for a while, before it goes.
    public static async Task<int> Work(HostSettings settings, CancellationToken cancel)
    {
        await using var app = await HostComposition.Start(settings, cancel);
        await Console.Out.WriteLineAsync($"""
            Medicine Man {Version}, a worker
              Queues          {(settings.Worker!.Queues is { } queues ? string.Join(", ", queues) : "all")}
              Health          {app.Urls.First()}/healthz
              Data directory  {settings.Data}
            Ready. Ctrl+C stops it.
            """);
        await app.WaitForShutdownAsync(cancel);
        return 0;
    }

    /// Starting leaves garbage behind that an idle host, which hardly allocates, would keep for hours: it goes back to the machine once, when the
    /// first visitors have been served.
    private static async Task GiveBack(CancellationToken stopping)
    {
        await Task.Delay(TimeSpan.FromSeconds(5), stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stopping.IsCancellationRequested)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    public static string Version { get; } =
        typeof(Serve).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}
