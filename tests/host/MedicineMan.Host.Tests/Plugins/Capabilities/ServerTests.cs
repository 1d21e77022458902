using System.Text.Json.Nodes;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Capabilities;

/// Servers, commands and files in a plugin's hands.
public sealed class ServerTests
{
    [Fact]
    public async Task All_servers_are_listed_page_by_page_with_name_and_tags_alone()
    {
        await using var curious = await CuriousHost.Start();
        for (var at = 0; at < 210; at++)
        {
            await curious.Add($"web-{at:000}");
        }

        var names = (await curious.Ask("servers")).Replace("this machine", "this-machine", StringComparison.Ordinal).Split(' ');

        Assert.Equal(211, names.Length);
        Assert.Equal("this-machine[lab]", names[0]);
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public async Task A_named_program_runs_and_another_one_does_not()
    {
        await using var curious = await CuriousHost.Start();

        Assert.Equal("hello $(id)", await curious.Ask("run", ("server", curious.Machine), ("file", "echo"), ("argument", "hello $(id)")));
        Assert.Equal("hello", await curious.Ask("run", ("server", curious.Machine), ("file", "/bin/echo"), ("argument", "hello")));
        Assert.Equal("!The capability exec is needed: Curious may start cat, echo, sleep, and id is not among them.", await curious.Ask("run", ("server", curious.Machine), ("file", "id")));
        Assert.StartsWith("!The capability exec is needed", await curious.Ask("run", ("server", curious.Machine), ("file", "/tmp/echo.sh")), StringComparison.Ordinal);
        Assert.StartsWith("!The capability exec is needed", await curious.Ask("run", ("server", curious.Machine), ("file", "ECHO")), StringComparison.Ordinal);
        Assert.Contains("PATH would have echo start other programs", await curious.Ask("run", ("server", curious.Machine), ("file", "echo"), ("variable", "PATH")), StringComparison.Ordinal);
        Assert.Contains("LD_PRELOAD would have", await curious.Ask("run", ("server", curious.Machine), ("file", "echo"), ("variable", "LD_PRELOAD")), StringComparison.Ordinal);

        // Five refusals within a minute are one line in the audit trail, and five faults.
        Assert.Equal("exec: Curious may start cat, echo, sleep, and id is not among them.", Assert.Single(await curious.Refusals()));
        Assert.Equal(5, curious.Status.Faults);
        Assert.Equal("capability exec", curious.Status.LatestFaults[0].Where);
    }

    [Theory]
    [InlineData("psql", true)]
    [InlineData("/usr/bin/psql", true)]
    [InlineData("/usr/lib/postgresql/17/bin/psql", true)]
    [InlineData("/usr/pgsql-16/bin/psql", true)]
    [InlineData("/opt/tool/bin/tool", true)]
    [InlineData("tool", false)]
    [InlineData("/tmp/psql", false)]
    [InlineData("./psql", false)]
    [InlineData("psql/psql", false)]
    [InlineData("/psql", false)]
    [InlineData("//psql", false)]
    [InlineData("/usr/bin/../../tmp/psql", false)]
    [InlineData("/usr/lib/postgresql/../bin/psql", false)]
    [InlineData("/usr/lib/postgresql/17/bin/x/psql", false)]
    [InlineData("/usr/pgsql-/bin/psql", false)]
    [InlineData("/home/me/psql", false)]
    public void A_bare_name_means_the_systems_program_and_no_other_of_that_name(string file, bool fits) =>
        Assert.Equal(fits, MedicineMan.Host.Plugins.Capabilities.Servers.ProgramNames.Fits(new HashSet<string> { "psql", "/opt/tool/bin/tool" }, file));

    [Fact]
    public async Task A_program_of_the_same_name_elsewhere_is_another_program()
    {
        await using var curious = await CuriousHost.Start();
        using var folder = new TemporaryFolder("programs");
        await File.WriteAllTextAsync(folder["echo"], "#!/bin/sh\necho owned\n");
        File.SetUnixFileMode(folder["echo"], UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.StartsWith("!The capability exec is needed", await curious.Ask("run", ("server", curious.Machine), ("file", folder["echo"])), StringComparison.Ordinal);

        await curious.Load(CuriousHost.Scoped("exec", folder["echo"]));
        Assert.Equal("owned", await curious.Ask("run", ("server", curious.Machine), ("file", folder["echo"])));
    }

    [SkippableFact]
    public async Task Another_user_takes_a_capability_of_its_own()
    {
        await using var curious = await CuriousHost.Start(change: CuriousHost.Scoped("exec", "echo", "sudo"));

        Assert.StartsWith("!The capability exec:sudo is needed", await curious.Ask("run", ("server", curious.Machine), ("file", "echo"), ("runAs", "nobody")), StringComparison.Ordinal);
        Assert.StartsWith("!The capability exec:sudo is needed", await curious.Ask("run", ("server", curious.Machine), ("file", "sudo")), StringComparison.Ordinal);
        Assert.StartsWith("exec:sudo:", Assert.Single(await curious.Refusals()), StringComparison.Ordinal);

        Skip.IfNot(Environment.UserName == "root", "Only root can run a command as another user here.");
        await curious.Load(manifest => manifest["capabilities"]!.AsArray().Add(JsonNode.Parse("""{ "name": "exec:sudo", "reason": "Tests." }""")));
        Assert.Equal("hi", await curious.Ask("run", ("server", curious.Machine), ("file", "echo"), ("argument", "hi"), ("runAs", "nobody")));
    }

    [Theory]
    [InlineData("targets:read", "servers")]
    [InlineData("targets:read", "run")]
    [InlineData("exec", "run")]
    [InlineData("files:read", "read")]
    [InlineData("files:read", "list")]
    [InlineData("files:write", "write")]
    public async Task What_was_not_granted_is_refused_and_written_down(string capability, string route)
    {
        await using var curious = await CuriousHost.Start(change: CuriousHost.Without(capability));

        var said = await curious.Ask(route, ("server", curious.Machine), ("file", "echo"), ("path", "/etc/hostname"), ("bytes", 1));

        Assert.StartsWith($"!The capability {capability} is needed: without it Curious can't", said, StringComparison.Ordinal);
        Assert.StartsWith($"{capability}: without it", Assert.Single(await curious.Refusals()), StringComparison.Ordinal);
        Assert.Equal(1, curious.Status.Faults);
    }

    [Fact]
    public async Task A_command_cannot_carry_off_a_secret_that_is_not_the_plugins()
    {
        await using var curious = await CuriousHost.Start();
        var (foreign, own) = (await curious.Secret("ssh-password", "hunter2"), await curious.Secret("plugin:tests.curious", "mine"));

        Assert.Equal("mine", await curious.Ask("run", ("server", curious.Machine), ("file", "cat"), ("secret", own)));
        Assert.StartsWith("!The capability secrets is needed", await curious.Ask("run", ("server", curious.Machine), ("file", "cat"), ("secret", foreign)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_are_read_written_whole_and_listed()
    {
        await using var curious = await CuriousHost.Start();
        using var folder = new TemporaryFolder("files");
        Directory.CreateDirectory(folder["sub"]);
        await File.WriteAllTextAsync(folder["it's\na name"], "four");
        await File.WriteAllTextAsync(folder["big"], new string('y', 1_000_000));
        await File.WriteAllTextAsync(folder["empty"], "");

        Assert.Equal($"1000000:{new string('y', 40)}", await curious.Ask("read", ("server", curious.Machine), ("path", folder["big"])));
        Assert.Equal("0:", await curious.Ask("read", ("server", curious.Machine), ("path", folder["empty"])));
        Assert.Contains("can't be read: cat: ", await curious.Ask("read", ("server", curious.Machine), ("path", folder["no such"])), StringComparison.Ordinal);
        Assert.Equal("big=1000000|empty=0|it's\na name=4|sub/=0", await curious.Ask("list", ("server", curious.Machine), ("path", folder.Path)));
        Assert.Contains("can't be listed", await curious.Ask("list", ("server", curious.Machine), ("path", folder["big"])), StringComparison.Ordinal);

        Assert.Equal("written", await curious.Ask("write", ("server", curious.Machine), ("path", folder["sub/new"]), ("bytes", 300_000)));
        Assert.Equal(new string('x', 300_000), await File.ReadAllTextAsync(folder["sub/new"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["sub/new"]));
        Assert.Equal(["new"], Directory.EnumerateFileSystemEntries(folder["sub"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_write_that_fails_leaves_the_old_file_and_nothing_else()
    {
        await using var curious = await CuriousHost.Start();
        using var folder = new TemporaryFolder("files");
        await File.WriteAllTextAsync(folder["kept"], "old");

        await curious.Ask("write", ("server", curious.Machine), ("path", folder["kept"]), ("bytes", 300_000), ("breaks", "true"));
        Assert.Contains("it is a folder", await curious.Ask("write", ("server", curious.Machine), ("path", folder.Path), ("bytes", 1)), StringComparison.Ordinal);
        Assert.Contains("can't be written: mktemp", await curious.Ask("write", ("server", curious.Machine), ("path", folder["none/kept"]), ("bytes", 1)), StringComparison.Ordinal);

        Assert.Equal("old", await File.ReadAllTextAsync(folder["kept"]));
        Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_scope_keeps_files_to_its_folders()
    {
        using var folder = new TemporaryFolder("files");
        await File.WriteAllTextAsync(folder["a"], "four");
        await using var curious = await CuriousHost.Start(change: CuriousHost.Scoped("files:read", folder.Path));

        Assert.Equal("4:four", await curious.Ask("read", ("server", curious.Machine), ("path", folder["a"])));
        Assert.StartsWith("!The capability files:read is needed", await curious.Ask("read", ("server", curious.Machine), ("path", "/etc/hostname")), StringComparison.Ordinal);
        Assert.DoesNotContain("root:", await curious.Ask("read", ("server", curious.Machine), ("path", $"{folder.Path}/../../etc/passwd")), StringComparison.Ordinal);
        Assert.StartsWith("!The capability files:read is needed", await curious.Ask("list", ("server", curious.Machine), ("path", folder.Path + "-more")), StringComparison.Ordinal);
    }
}
