using System.Runtime.CompilerServices;
using System.Text.Json;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Host.Plugins.Events;
using MedicineMan.Host.Schedules;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Clouds;
using MedicineMan.Sdk.Notifications;
using MedicineMan.Sdk.Servers;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Capabilities;

/// Nothing that is lent keeps a retired version, and a retired version keeps nothing of what was lent.
public sealed class UnloadTests
{
    [Fact]
    public async Task A_version_that_used_every_service_is_collected()
    {
        await using var curious = await CuriousHost.Start();
        await UseEverything(curious);

        await curious.Load();
        for (var round = 0; curious.Status.Resident > 0 && round < 80; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(50);
        }

        Assert.Equal(0, curious.Status.Resident);
    }

    [Fact]
    public async Task The_services_of_a_retired_version_refuse_and_its_scratch_folders_are_gone()
    {
        await using var curious = await CuriousHost.Start();
        var lent = curious.Plugin.Lent;
        var runner = await lent.Servers.RunnerAsync(curious.Machine, CancellationToken.None);
        var files = await lent.Servers.FilesAsync(curious.Machine, CancellationToken.None);
        var command = await runner.StartAsync(new Sdk.Commands.CommandSpec("sleep", "600"), CancellationToken.None);
        var left = (await curious.Ask("scratch", ("keep", "true"))).Split(' ')[0];
        Assert.True(Directory.Exists(left));

        await curious.Load();

        Assert.False(Directory.Exists(left));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.Completion);
        await Refused(() => runner.StartAsync(new Sdk.Commands.CommandSpec("echo"), CancellationToken.None).AsTask());
        await Refused(() => files.ListAsync("/", CancellationToken.None));
        await Refused(() => lent.Servers.RunnerAsync(curious.Machine, CancellationToken.None).AsTask());
        await Refused(() => lent.Store.GetAsync("a", CancellationToken.None).AsTask());
        await Refused(() => lent.Jobs.EnqueueAsync("note", 1, null, CancellationToken.None).AsTask());
        await Refused(() => lent.Series.ReadAsync("a.b", "", default, default, CancellationToken.None).AsTask());
        await Refused(() => lent.Secrets.OpenAsync(new Sdk.Secrets.SecretRef("1"), "a test", CancellationToken.None).AsTask());
        Assert.Throws<UserFacingException>(() => lent.Scratch());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => lent.Http.GetAsync(new Uri("http://example.com/")));
        await command.DisposeAsync();

        static async Task Refused(Func<Task> call) => Assert.Contains("has been stopped or replaced", (await Assert.ThrowsAsync<UserFacingException>(call)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scratch_folder_is_the_owners_alone_and_texts_come_from_the_locale()
    {
        await using var curious = await CuriousHost.Start();

        var said = (await curious.Ask("scratch", ("keep", "false"))).Split(' ', 2);

        Assert.Equal($"{UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute}".Split(", ").Order(), said[1].Split(", ").Order());
        Assert.StartsWith(curious.Host.Data, said[0], StringComparison.Ordinal);
        Assert.False(Directory.Exists(said[0]));
        Assert.Equal("Good day, Ada and Bob.", await curious.Ask("text", ("key", "greeting")));
        Assert.Equal("no.such.{0}".Replace("{0}", "Ada", StringComparison.Ordinal), await curious.Ask("text", ("key", "no.such.{0}")));
    }

    // A frame of its own: the caller's locals would keep what was touched here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task UseEverything(CuriousHost curious)
    {
        var own = await curious.Secret(LentSecrets.KindOf(CuriousHost.Id), "swordfish");
        Assert.StartsWith("this machine", await curious.Ask("servers"), StringComparison.Ordinal);
        Assert.Equal("hi", await curious.Ask("run", ("server", curious.Machine), ("file", "echo"), ("argument", "hi")));
        Assert.Equal("swordfish", await curious.Ask("run", ("server", curious.Machine), ("file", "cat"), ("secret", own)));
        Assert.Contains(":", await curious.Ask("read", ("server", curious.Machine), ("path", "/etc/passwd")), StringComparison.Ordinal);
        Assert.Contains("passwd=", await curious.Ask("list", ("server", curious.Machine), ("path", "/etc")), StringComparison.Ordinal);
        Assert.Equal("written", await curious.Ask("write", ("server", curious.Machine), ("path", Path.Combine(curious.Host.Data, "written")), ("bytes", 10)));
        Assert.Equal("swordfish", await curious.Ask("secret", ("id", own)));
        Assert.Equal("one", await curious.Ask("store", ("key", "a"), ("value", "one")));
        Assert.Equal("a", await curious.Ask("keys", ("prefix", "a")));
        Assert.Equal("2.5 3.5", await curious.Ask("series", ("value", 1.5)));
        var job = await curious.Ask("job", ("job", "note"), ("text", "later"));
        await Eventually.Holds(async () => await curious.Ask("store", ("key", $"note:{job}")) == "later");
        Assert.StartsWith("!The capability net", await curious.Ask("http", ("url", "http://127.0.0.1:1/")), StringComparison.Ordinal);
        Assert.Contains("scratch", await curious.Ask("scratch", ("keep", "true")), StringComparison.Ordinal);
        Assert.Equal("Good day, Ada and Bob.", await curious.Ask("text", ("key", "greeting")));
        await curious.Host.Get<Providers>().Get<INotifier>("bell").SendAsync(JsonElement.Parse($$"""{ "token": "{{own}}" }"""),
            new Notification { Id = "1", Severity = Severity.Info, Title = "News", At = DateTimeOffset.UnixEpoch }, CancellationToken.None);
        await using var account = await curious.Host.Get<Providers>().Get<ICloudProvider>("cumulus").OpenAsync(JsonElement.Parse("{}"), CancellationToken.None);
        Assert.Equal("me", (await account.BalanceAsync(CancellationToken.None)).Account);
        var now = new DateTimeOffset(2026, 1, 1, 0, 3, 0, TimeSpan.Zero);
        await curious.Host.Get<PluginSchedules>().Tick(now, CancellationToken.None);
        await curious.Host.Get<PluginSchedules>().Tick(now.AddMinutes(3), CancellationToken.None);
        await curious.Host.Get<EventPump>().Pump(CancellationToken.None);
        await curious.Add("heard");
        await Eventually.Holds(async () =>
        {
            await curious.Host.Get<EventPump>().Pump(CancellationToken.None);
            return await curious.Ask("store", ("key", "heard:heard")) != "nothing";
        });
    }
}
