using System.Net.Sockets;
using System.Security.Cryptography;
using MedicineMan.Host.Backups.Proofs;
using MedicineMan.Host.JobScreens;
using MedicineMan.Host.Setup;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authentication;

namespace MedicineMan.Host.Cli.Wire;

/// The whole host inside a command: the same composition on the same data directory, but behind a socket that only this user can reach, and
/// without a worker of its own accord. One wire for both: what a command can do remotely it can do here, and the other way round.
internal sealed class LocalHost : IAsyncDisposable
{
    private static readonly Type?[] Background = [typeof(JobHost), typeof(SweepScratch), typeof(Schedules.ScheduleClock), typeof(Host.Plugins.Events.EventTelling)];

    private readonly WebApplication app;
    private readonly DirectoryInfo folder;
    private JobHost? worker;

    private LocalHost(WebApplication app, DirectoryInfo folder) => (this.app, this.folder) = (app, folder);

    /// Whether a server runs on this data directory; then it does the work.
    public bool IsServed => IsLocked(app.Services.GetRequiredService<DataDirectory>()["node"]);

    public static async Task<HostClient> Start(HostSettings settings, CancellationToken cancel)
    {
        if (settings.Database is null && !File.Exists(Path.Combine(settings.Data, "medicineman.db")))
        {
            throw new UserFacingException($"There is no Medicine Man in {settings.Data}. Start it there once with: medicineman --data {settings.Data}. Or name its folder with --data, or a running one with --url and a token.");
        }

        // Made for this user alone; a socket's own mode is not heeded everywhere.
        var folder = Directory.CreateTempSubdirectory("medicineman-");
        var socket = Path.Combine(folder.FullName, "api");
        var secret = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        try
        {
            var app = await HostComposition.Start(settings with { Urls = $"http://unix:{socket}" }, cancel, builder => Adapt(builder, secret));
            return new HostClient(new Uri("http://localhost"), secret, Handler(socket), new LocalHost(app, folder));
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }
    }

    /// Does the work that was asked for, unless a server does.
    public async Task Work(CancellationToken cancel)
    {
        if (worker is null && !IsServed)
        {
            worker = ActivatorUtilities.CreateInstance<JobHost>(app.Services);
            await worker.StartAsync(cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        if (worker is not null)
        {
            await worker.StopAsync(patience.Token);
        }

        await app.StopAsync(patience.Token);
        await app.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static void Adapt(WebApplicationBuilder builder, string secret)
    {
        foreach (var service in builder.Services.Where(service => service.ServiceType == typeof(IHostedService) && Background.Contains(service.ImplementationType)).ToList())
        {
            builder.Services.Remove(service);
        }

        builder.Services.AddSingleton(new LocalSecret(secret));
        builder.Services.AddAuthentication(LocalOperator.SchemeName).AddScheme<AuthenticationSchemeOptions, LocalOperator>(LocalOperator.SchemeName, null);
    }

    private static SocketsHttpHandler Handler(string socket) => new()
    {
        ConnectCallback = async (_, cancel) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
                return new NetworkStream(connection, ownsSocket: true);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        },
    };

    private static bool IsLocked(string file)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        try
        {
            using var free = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
