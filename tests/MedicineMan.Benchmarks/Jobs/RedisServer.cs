using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using MedicineMan.Testbed;

namespace MedicineMan.Benchmarks.Jobs;

/// <summary>A private Redis that appends to its log and flushes it every second, as it does by default once it is to keep anything.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly TemporaryFolder folder;
    private readonly Process process;

    private RedisServer(TemporaryFolder folder, Process process, int port)
    {
        (this.folder, this.process, Port) = (folder, process, port);
    }

    public int Port { get; }

    public static async Task<RedisServer> Start()
    {
        var folder = new TemporaryFolder("bench-redis");
        var port = Programs.FreePort();
        string[] arguments =
        [
            "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--dir", folder.Path,
            "--appendonly", "yes", "--appendfsync", "everysec", "--logfile", folder["log"],
        ];
        var server = new RedisServer(folder, Process.Start(new ProcessStartInfo(Programs.Require("redis-server"), arguments))!, port);
        await server.Ready();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
        folder.Dispose();
    }

    private async Task Ready()
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", Port);
                return;
            }
            catch (SocketException) when (!process.HasExited && clock.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(20);
            }
        }
    }
}
