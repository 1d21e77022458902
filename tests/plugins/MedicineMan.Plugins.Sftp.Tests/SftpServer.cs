using System.Buffers;
using System.Text.Json.Nodes;
using MedicineMan.Plugins.Sftp.Wire;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing;
using MedicineMan.Sdk.Testing.Lent;
using MedicineMan.Testbed;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Plugins.Sftp.Tests;

/// A real sshd, the plugin as a host starts it, and folders to store in.
public class SftpServer : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder folder = new("sftp");
    private PluginTestHost host = null!;

    public SshServer Ssh { get; private set; } = null!;

    private MemorySecrets Secrets => host.Setup.Secrets;

    public async Task InitializeAsync()
    {
        Ssh = await Start();
        host = await PluginTestHost.StartAsync<SftpPlugin>();
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await Ssh.DisposeAsync();
    }

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// A path that nothing is at.
    public string NewFolder() => folder[Guid.NewGuid().ToString("N")];

    /// Settings that work.
    public JsonObject Settings(string path) => new()
    {
        ["host"] = "127.0.0.1", ["port"] = Ssh.Port, ["user"] = SshServer.KeyUser, ["path"] = path, ["hostKey"] = Ssh.Fingerprint, ["privateKey"] = Secret(Ssh.PrivateKey),
    };

    public string Secret(string value) => Secrets.Add(value).Id;

    public ValueTask<IStorageBackend> Open(string path) => Open(Settings(path));

    internal ValueTask<IStorageBackend> Open(JsonObject settings, Func<SftpLimits, SftpLimits>? change = null)
    {
        var provider = new SftpProvider(host.Services.GetRequiredService<IPluginContext>(), Secrets) { Limits = (change ?? (same => same))(new SftpLimits()) };
        return provider.OpenAsync(System.Text.Json.JsonSerializer.SerializeToElement(settings), default);
    }

    /// The plugin's connection alone.
    internal async Task<SftpConnection> Connect(string path) =>
        new(await SftpSettings.Read(System.Text.Json.JsonSerializer.SerializeToElement(Settings(path)), Secrets, default), new SftpLimits(), CancellationToken.None);

    public static Task<bool> Put(IStorageBackend storage, string key, int length, CancellationToken cancel = default) => storage.PutAsync(key, Content(length), cancel);

    /// So many bytes, the same each time.
    public static ReadOnlySequence<byte> Content(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return new ReadOnlySequence<byte>(content);
    }

    protected virtual Task<SshServer> Start() => SshServer.Start();
}
