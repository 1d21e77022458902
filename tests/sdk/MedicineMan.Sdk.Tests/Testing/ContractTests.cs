using System.Text.Json;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Directories;
using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Notifications;
using MedicineMan.Sdk.Testing;
using MedicineMan.Sdk.Testing.Directories;
using MedicineMan.Sdk.Testing.Health;
using MedicineMan.Sdk.Testing.Notifications;

namespace MedicineMan.Sdk.Tests.Testing;

/// The contracts can be kept; the samples and the first-party plugins keep the others.
public sealed class RecordedNotificationsTests : NotifierContract
{
    private readonly RecordedNotifications notifications = new();

    protected override INotifier Notifier => notifications;

    protected override Task<JsonElement> SettingsAsync() => Task.FromResult(JsonElement.Parse("""{"channel": "ops"}"""));

    protected override Task<JsonElement> BrokenSettingsAsync() => Task.FromResult(JsonElement.Parse("""{"channel": "broken"}"""));

    protected override Task<IReadOnlyList<string>> ReceivedAsync() =>
        Task.FromResult<IReadOnlyList<string>>([.. notifications.Sent.Select(one => $"{one.Title}\n{one.Text}")]);
}

public sealed class DiskCheckTests : HealthCheckContract
{
    protected override IHealthCheck Check { get; } = new DiskCheck();

    protected override Task<ICommandRunner> WellAsync() => Task.FromResult<ICommandRunner>(new ScriptedRunner(new ScriptedAnswer("df", "12")));

    protected override Task<ICommandRunner> IllAsync() => Task.FromResult<ICommandRunner>(new ScriptedRunner(new ScriptedAnswer("df", "99")));

    private sealed class DiskCheck : IHealthCheck
    {
        public string DisplayName => "Disk";

        public async Task<HealthReport> CheckAsync(ICommandRunner server, JsonElement settings, CancellationToken cancel)
        {
            var answer = await server.RunTextAsync(new CommandSpec("df", "--output=pcent"), "", 1024, cancel);
            if (!answer.Exit.Ok || !int.TryParse(answer.Output, out var percent) || percent is < 0 or > 100)
            {
                throw new UserFacingException("df did not say how full the disk is. Look whether it is installed.");
            }

            return new HealthReport(percent < 90 ? HealthState.Good : HealthState.Critical, $"The disk is {percent} % full.", new Dictionary<string, double> { ["disk.used.percent"] = percent });
        }
    }
}

public sealed class ListedPeopleTests : DirectoryContract
{
    protected override IDirectory Directory { get; } = new ListedPeople();

    protected override (string UserName, string Password, string Group) Known => ("ada", "correct horse", "operators");

    protected override Task<JsonElement> SettingsAsync() => Task.FromResult(JsonElement.Parse("""{"reachable": true}"""));

    protected override Task<JsonElement> BrokenSettingsAsync() => Task.FromResult(JsonElement.Parse("""{"reachable": false}"""));

    private sealed class ListedPeople : IDirectory
    {
        private static readonly DirectoryPerson Ada = new("1", "ada", "Ada", null, ["g1"]);

        public string DisplayName => "List";

        public Task<DirectoryPerson?> SignInAsync(JsonElement settings, string userName, string password, CancellationToken cancel) =>
            Ask(settings, userName == "ada" && password == "correct horse" ? Ada : null, cancel);

        public Task<DirectoryPerson?> FindAsync(JsonElement settings, string userName, CancellationToken cancel) => Ask(settings, userName == "ada" ? Ada : null, cancel);

        public Task<IReadOnlyList<DirectoryGroup>> FindGroupsAsync(JsonElement settings, string text, CancellationToken cancel) =>
            Ask<IReadOnlyList<DirectoryGroup>>(settings, "operators".Contains(text, StringComparison.Ordinal) ? [new DirectoryGroup("g1", "operators")] : [], cancel);

        private static Task<T> Ask<T>(JsonElement settings, T answer, CancellationToken cancel)
        {
            cancel.ThrowIfCancellationRequested();
            return settings.GetProperty("reachable").GetBoolean() ? Task.FromResult(answer) : throw new UserFacingException("The directory does not answer. Look whether it runs.");
        }
    }
}
