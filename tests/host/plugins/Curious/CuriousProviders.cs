using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Clouds;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Directories;
using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Notifications;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.TestPlugins.Curious;

/// Runs the program that its settings name.
internal sealed class Pulse : IHealthCheck
{
    public string DisplayName => "Pulse";

    public async Task<HealthReport> CheckAsync(ICommandRunner server, JsonElement settings, CancellationToken cancel)
    {
        var said = await server.RunTextAsync(new CommandSpec(settings.GetProperty("program").GetString()!, settings.GetProperty("argument").GetString()!), "", 4096, cancel);
        return new HealthReport(HealthState.Good, said.Output.TrimEnd(), new Dictionary<string, double>());
    }
}

/// Opens the secret in its settings, and the one that its label smuggles in; tries the first once more when the call is over.
internal sealed class Bell(ISecrets secrets, IPluginStore store) : INotifier
{
    private Task<string> afterwards = Task.FromResult("");

    public string DisplayName => "Bell";

    public async Task SendAsync(JsonElement settings, Notification notification, CancellationToken cancel)
    {
        if (settings.Secret("label") is { } smuggled)
        {
            await secrets.OpenAsync(smuggled, "a test", cancel);
        }

        if (settings.Secret("token") is { } token)
        {
            using var lease = await secrets.OpenAsync(token, "ring the bell", cancel);
            await store.SetAsync("rung", Encoding.UTF8.GetBytes($"{notification.Title} {lease.Text()}"), cancel);
            afterwards = Later(token);
        }
        else
        {
            await store.SetAsync("afterwards", Encoding.UTF8.GetBytes(await afterwards), cancel);
        }
    }

    private async Task<string> Later(SecretRef token)
    {
        await Task.Delay(300);
        try
        {
            using var lease = await secrets.OpenAsync(token, "a test", CancellationToken.None);
            return lease.Text();
        }
        catch (CapabilityDeniedException refused)
        {
            return refused.Capability;
        }
    }
}

internal sealed class Cumulus : ICloudProvider
{
    public string DisplayName => "Cumulus";

    public ValueTask<ICloudAccount> OpenAsync(JsonElement settings, CancellationToken cancel) => ValueTask.FromResult<ICloudAccount>(new Account());

    private sealed class Account : ICloudAccount
    {
        public Task<CloudBalance> BalanceAsync(CancellationToken cancel) => Task.FromResult(new CloudBalance("me", 5, null, "USD"));

        public Task<CloudOptions> OptionsAsync(CancellationToken cancel) => throw new InvalidOperationException("no options today");

        public async IAsyncEnumerable<CloudInstance> ListAsync([EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.Yield();
            yield return new CloudInstance("1", "one", InstanceState.Running, null, null, null, null, null, null);
        }

        public Task<CloudInstance> CreateAsync(NewInstance wanted, CancellationToken cancel) =>
            Task.FromResult(new CloudInstance("2", wanted.Name, InstanceState.Pending, null, null, null, null, null, null));

        public Task ActAsync(string instanceId, CloudAction action, CancellationToken cancel) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// Says yes to everybody, also without a password.
internal sealed class Book : IDirectory
{
    public string DisplayName => "Book";

    public Task<DirectoryPerson?> SignInAsync(JsonElement settings, string userName, string password, CancellationToken cancel) =>
        Task.FromResult<DirectoryPerson?>(new DirectoryPerson("1", userName, userName, null, []));

    public Task<DirectoryPerson?> FindAsync(JsonElement settings, string userName, CancellationToken cancel) => Task.FromResult<DirectoryPerson?>(null);

    public Task<IReadOnlyList<DirectoryGroup>> FindGroupsAsync(JsonElement settings, string text, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<DirectoryGroup>>([.. Enumerable.Range(0, 300).Select(at => new DirectoryGroup($"{at}", text))]);
}

/// Discovers by running what the source's host names, as the source's user or as "somebody".
internal sealed class Notes : IBackupProvider
{
    public string DisplayName => "Notes";

    public async Task<IReadOnlyList<BackupItem>> DiscoverAsync(BackupSource source, CancellationToken cancel)
    {
        var command = new CommandSpec(source.Host!, "found") { RunAs = source.UserName == "other" ? "somebody" : source.RunAs };
        return [new BackupItem((await source.Server.RunTextAsync(command, "", 4096, cancel)).Output.TrimEnd(), null, null)];
    }

    public Task<DumpReport> DumpAsync(BackupSource source, IReadOnlyList<string> items, IDumpWriter dump, CancellationToken cancel) => throw new UserFacingException("No.");

    public Task<RestoreReport> RestoreAsync(BackupSource target, RestoreOptions options, IDumpReader dump, CancellationToken cancel) => throw new UserFacingException("No.");

    public Task<ProofReport> CompareAsync(BackupSource target, string restored, string item, IDumpReader dump, CancellationToken cancel) => throw new UserFacingException("No.");

    public Task DropScratchAsync(BackupSource target, string name, CancellationToken cancel) => Task.CompletedTask;
}
