using MedicineMan.Host.Servers.Ssh;

namespace MedicineMan.Host.Servers;

/// Servers and the ways to them.
internal static class ServerServices
{
    public static void AddServers(this IServiceCollection services) => services
        .AddSingleton<ServerStore>().AddSingleton<HostKeyStore>().AddSingleton<SshConnections>().AddSingleton<ServerRunners>()
        .AddSingleton<ConnectionTest>().AddSingleton<RecordedTest>().AddSingleton<LiveTest>();
}
