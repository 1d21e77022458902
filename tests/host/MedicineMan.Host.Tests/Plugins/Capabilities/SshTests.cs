using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Tests.Servers.Ssh;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Capabilities;

/// Commands and files of a server that a plugin reaches through a real sshd, where a shell stands in between.
public sealed class SshTests
{
    private const string Awkward = "it's $(id) `id` \"quoted\" \\ ; rm -rf * é";

    [SkippableFact]
    public async Task Programs_run_as_named_with_their_arguments_untouched_and_no_other_does()
    {
        await using var curious = await CuriousHost.Start();
        await using var ssh = await SshServer.Start();
        var server = await Reach(curious, ssh);

        Assert.Equal(Awkward, await curious.Ask("run", ("server", server), ("file", "echo"), ("argument", Awkward)));
        Assert.Equal("!The capability exec is needed: Curious may start cat, echo, sleep, and id is not among them.", await curious.Ask("run", ("server", server), ("file", "id")));
        Assert.StartsWith("!The capability exec is needed", await curious.Ask("run", ("server", server), ("file", "echo; id")), StringComparison.Ordinal);
        Assert.Contains("PATH would have echo start other programs", await curious.Ask("run", ("server", server), ("file", "echo"), ("variable", "PATH")), StringComparison.Ordinal);
        Assert.StartsWith("!The capability exec:sudo is needed", await curious.Ask("run", ("server", server), ("file", "echo"), ("runAs", "nobody")), StringComparison.Ordinal);
        Assert.EndsWith("(1)", await curious.Ask("run", ("server", server), ("file", "cat"), ("argument", "/no/such/file")), StringComparison.Ordinal);

        var (foreign, own) = (await curious.Secret("ssh-password", "hunter2"), await curious.Secret("plugin:tests.curious", "mine"));
        Assert.Equal("mine", await curious.Ask("run", ("server", server), ("file", "cat"), ("secret", own)));
        Assert.StartsWith("!The capability secrets is needed", await curious.Ask("run", ("server", server), ("file", "cat"), ("secret", foreign)), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Files_go_there_and_back_whole_or_not_at_all()
    {
        await using var curious = await CuriousHost.Start();
        await using var ssh = await SshServer.Start();
        var server = await Reach(curious, ssh);
        using var folder = new TemporaryFolder("files");
        var name = "it's $(id)\na \"name\" é";
        Directory.CreateDirectory(folder["sub"]);
        await File.WriteAllTextAsync(folder[name], "four");
        await File.WriteAllTextAsync(folder["big"], new string('y', 3_000_000));

        Assert.Equal($"3000000:{new string('y', 40)}", await curious.Ask("read", ("server", server), ("path", folder["big"])));
        Assert.Equal("4:four", await curious.Ask("read", ("server", server), ("path", folder[name])));
        Assert.Contains("can't be read: cat: ", await curious.Ask("read", ("server", server), ("path", folder["no such"])), StringComparison.Ordinal);
        Assert.Equal($"big=3000000|{name}=4|sub/=0", await curious.Ask("list", ("server", server), ("path", folder.Path)));

        Assert.Equal("written", await curious.Ask("write", ("server", server), ("path", folder[$"sub/{name}"]), ("bytes", 2_000_000)));
        Assert.Equal(new string('x', 2_000_000), await File.ReadAllTextAsync(folder[$"sub/{name}"]));
        await curious.Ask("write", ("server", server), ("path", folder["big"]), ("bytes", 300_000), ("breaks", "true"));
        Assert.Contains("can't be written: mktemp", await curious.Ask("write", ("server", server), ("path", folder["none/kept"]), ("bytes", 1)), StringComparison.Ordinal);
        Assert.Equal(3_000_000, new FileInfo(folder["big"]).Length);
        Assert.Equal([name], Directory.EnumerateFileSystemEntries(folder["sub"]).Select(Path.GetFileName));
        Assert.Equal(3, Directory.EnumerateFileSystemEntries(folder.Path).Count());
    }

    [SkippableFact]
    public async Task A_command_ends_on_the_server_too_when_its_plugin_is_replaced_and_keeps_no_code()
    {
        await using var curious = await CuriousHost.Start();
        await using var ssh = await SshServer.Start();
        var server = await Reach(curious, ssh);
        // A number that no other sleep on this machine has.
        var seconds = $"86400.{Random.Shared.Next(100_000, 999_999)}";
        curious.Host.Get<Microsoft.Extensions.Options.IOptions<Host.Plugins.PluginOptions>>().Value.DrainTimeLimit = TimeSpan.FromMilliseconds(300);
        var asking = curious.Ask("run", ("server", server), ("file", "sleep"), ("argument", seconds));
        await Eventually.Holds(() => Task.FromResult(Sleeps(seconds)));

        await curious.Load();

        await Eventually.Holds(() => Task.FromResult(!Sleeps(seconds)));
        Assert.StartsWith("!", await asking, StringComparison.Ordinal);
        Assert.Equal("still here", await curious.Ask("run", ("server", server), ("file", "echo"), ("argument", "still here")));
        await Eventually.Holds(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Task.FromResult(curious.Status.Resident == 0);
        });
    }

    private static bool Sleeps(string seconds) => Directory.EnumerateDirectories("/proc").Any(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")) == $"sleep\0{seconds}\0";
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    private static async Task<string> Reach(CuriousHost curious, SshServer ssh)
    {
        var draft = new ServerDraft { Name = "far away", Address = "127.0.0.1", Port = ssh.Port, UserName = SshServer.KeyUser, Credential = new NewCredential("key", ssh.PrivateKey) };
        var id = await curious.Host.Get<ServerStore>().Add(OrganizationId.Default, draft, Actor.System, CancellationToken.None);
        var keys = curious.Host.Get<HostKeyStore>();
        await keys.RecordOfferedKey(OrganizationId.Default, id, await SshConnectionTests.Learn(ssh), CancellationToken.None);
        await keys.PinOfferedKey(OrganizationId.Default, id, ssh.Fingerprint, Actor.System, CancellationToken.None);
        return id;
    }
}
