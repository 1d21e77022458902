using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.Sftp.Tests;

/// The same on a server that knows version 3 and none of OpenSSH's extensions.
public sealed class PlainServerTests(PlainServer server) : StorageContract, IClassFixture<PlainServer>
{
    protected override ValueTask<IStorageBackend> OpenEmptyAsync() => server.Open(server.NewFolder());

    [Fact]
    public async Task A_refusal_without_a_reason_says_what_it_can_mean()
    {
        var root = Directory.CreateDirectory(server.NewFolder()).FullName;
        await File.WriteAllTextAsync(Path.Combine(root, "tmp"), "in the way");
        await using var storage = await server.Open(root);
        var failure = await Assert.ThrowsAsync<StorageException>(() => SftpServer.Put(storage, "keys/aa", 10));
        Assert.Contains("could not write keys/aa", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Transient);
    }
}

public sealed class PlainServer : SftpServer
{
    protected override Task<SshServer> Start() =>
        SshServer.Start(sftp: "internal-sftp -P posix-rename,hardlink,fsync,statvfs,fstatvfs,lsetstat,limits,expand-path,copy-data,home-directory,users-groups-by-id");
}
