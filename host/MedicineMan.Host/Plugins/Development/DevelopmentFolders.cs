using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Plugins.Development;

/// Folders that authors build their plugins into, named under Plugins:Dev: each is loaded once the host is up and swapped after every build.
/// What lies there was vetted by nobody, so it is loaded only by a host that nobody but its own machine can reach.
internal sealed partial class DevelopmentFolders(
    IOptions<PluginOptions> options, PluginLifecycle lifecycle, IServer server, IHostApplicationLifetime host, TimeProvider clock, ILogger<DevelopmentFolders> log,
    DevelopmentNews? news = null) : BackgroundService
{
    // A build writes its files within moments; two looks that see the same have seen all of it.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Dev.Count == 0)
        {
            return;
        }

        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = host.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        if (addresses.FirstOrDefault(address => !IsLoopback(address)) is { } open)
        {
            Log.Open(log, open);
            return;
        }

        await Task.WhenAll(options.Value.Dev.Select(folder => Follow(Path.GetFullPath(folder), stoppingToken)));
    }

    /// Whether only this machine can reach a server that listens there.
    public static bool IsLoopback(string address)
    {
        var listens = BindingAddress.Parse(address);
        return listens.IsUnixPipe || listens.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(listens.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }

    private async Task Follow(string folder, CancellationToken cancel)
    {
        var (loaded, seen) = (default(BuiltFiles), default(BuiltFiles));
        DevelopmentCopy? inUse = null;
        try
        {
            while (true)
            {
                var now = BuiltFiles.Of(folder);
                if (now is not null && now == seen && now != loaded)
                {
                    loaded = now;
                    inUse = await Swap(folder, inUse, cancel);
                }

                seen = now;
                await Task.Delay(Pause, clock, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            Log.Ends(log, folder);
        }
        finally
        {
            inUse?.Dispose();
        }
    }

    /// Puts what was built in use; what does not hold leaves the earlier build where it is.
    private async Task<DevelopmentCopy?> Swap(string folder, DevelopmentCopy? before, CancellationToken cancel)
    {
        DevelopmentCopy? copy = null;
        try
        {
            copy = DevelopmentCopy.Of(folder);
            var status = await lifecycle.Load(copy.Path, cancel);
            before?.Dispose();
            Log.Swapped(log, status.Id, folder);
            await Tell($"{status.Name} {status.Version} is in use, loaded in {status.LoadMilliseconds:0} ms.");
            return copy;
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested)
        {
            copy?.Dispose();
            if (news is null)
            {
                Log.Refused(log, folder, failure.Message);
            }

            await Tell($"Not taken: {failure.Message}");
            return before;
        }
    }

    private Task Tell(string line) => news?.Tell(line) ?? Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Development plugin {Plugin} from {Folder} is in use")]
        public static partial void Swapped(ILogger log, string plugin, string folder);

        [LoggerMessage(Level = LogLevel.Warning, Message = "What was built into {Folder} was not taken: {Reason}")]
        public static partial void Refused(ILogger log, string folder, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "Plugins:Dev is not followed, because others can reach {Address}. Listen on a loopback address, such as http://127.0.0.1:5080")]
        public static partial void Open(ILogger log, string address);

        [LoggerMessage(Level = LogLevel.Debug, Message = "{Folder} is followed no more")]
        public static partial void Ends(ILogger log, string folder);
    }
}

/// Where an author who looks on reads what becomes of a build.
internal sealed class DevelopmentNews(TextWriter writer)
{
    public Task Tell(string line) => writer.WriteLineAsync(line);
}
