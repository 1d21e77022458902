using System.Runtime.CompilerServices;
using System.Text.Json;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing;

namespace MedicineMan.Plugins.Sftp.Tests;

/// The threads and timers of a connection would keep the plugin's code in memory.
public sealed class UnloadTests(SftpServer server) : IClassFixture<SftpServer>
{
    [Fact]
    public Task Its_code_is_collected_although_nobody_has_closed_its_storage() => PluginTestHost.AssertUnloadsAsync(AppContext.BaseDirectory, Store);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task Store(PluginTestHost host)
    {
        var settings = server.Settings(server.NewFolder());
        settings["privateKey"] = host.Setup.Secrets.Add(server.Ssh.PrivateKey).Id;
        var storage = await host.Provider<IStorageProvider>("sftp").OpenAsync(JsonSerializer.SerializeToElement(settings), default);
        Assert.True(await SftpServer.Put(storage, "keys/aa", 100_000));
    }
}
