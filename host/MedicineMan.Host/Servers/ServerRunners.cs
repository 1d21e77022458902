using System.Text.Json;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Secrets;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Servers;

/// Gives everybody who has work on a server the runner for it: scans, dumps, restores, the connection test.
internal sealed class ServerRunners(ServerStore servers, HostKeyStore hostKeys, SecretVault vault, SshConnections connections, TimeProvider time)
{
    /// <param name="purpose">
    /// Stands in the audit trail beside each secret that is opened: "scan of web-1".
    /// </param>
    public async Task<ICommandRunner> For(OrganizationId organization, string serverId, Actor actor, string purpose, CancellationToken cancel)
    {
        var server = await servers.Get(organization, serverId, cancel);
        IShell shell = server.IsLocal
            ? new LocalShell()
            : new WatchedShell(new SshShell(await Target(organization, server, actor, purpose, cancel), connections), changed => hostKeys.RecordChangedKey(organization, serverId, changed, CancellationToken.None));
        return new ShellRunner(serverId, shell, async (secret, stop) => await vault.Open(organization, secret, actor, purpose, stop), time);
    }

    public async Task<SshTarget> Target(OrganizationId organization, Server server, Actor actor, string purpose, CancellationToken cancel)
    {
        if (server.Credential is not { } secret)
        {
            throw new UserFacingException($"{server.Name} has no password or key to sign in with. Enter one.") { Permanent = true };
        }

        var value = await vault.Open(organization, secret, actor, purpose, cancel);
        var credential = server.CredentialKind == "key" && JsonSerializer.Deserialize<StoredKey>(value) is { } key
            ? SshCredential.ByKey(key.Key, key.Passphrase)
            : SshCredential.ByPassword(value);
        return new SshTarget(server.Id, server.Name, server.Address, server.Port, server.UserName, credential, server.Pinned);
    }

    /// Puts a changed host key on record wherever it shows up, so that every page can say so.
    private sealed class WatchedShell(IShell shell, Func<ChangedHostKeyException, Task> changedKey) : IShell
    {
        public string ServerName => shell.ServerName;

        public string UserName => shell.UserName;

        public async ValueTask<IShellProcess> Start(string line, bool urgent, CancellationToken cancel)
        {
            try
            {
                return await shell.Start(line, urgent, cancel);
            }
            catch (ChangedHostKeyException changed)
            {
                await changedKey(changed);
                throw;
            }
        }
    }
}
