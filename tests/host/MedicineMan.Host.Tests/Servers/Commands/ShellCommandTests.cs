using System.Text;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Sdk.Commands;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Servers.Commands;

public sealed class ShellCommandTests
{
    private const string Nasty = "'\"\\$`;&|<>()[]{}*?~#!-= \t\n\r\a\u001b\u007f%äß名🐘\u202e\u0001n\\'";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Random_words_come_through_unchanged(int seed)
    {
        var random = new Random(seed);
        var alphabet = Nasty.EnumerateRunes().ToArray();
        var words = Enumerable.Range(0, 400).Select(_ => string.Concat(random.GetItems(alphabet, random.Next(0, 24)))).ToArray();
        var runner = new ShellRunner("local", new LocalShell(), (_, _) => throw new InvalidOperationException(), TimeProvider.System);

        var done = await runner.RunTextAsync(new CommandSpec("sh", ["-c", "for a; do printf '%s\\0' \"$a\"; done", "sh", .. words]), "", 1_000_000, default);

        Assert.Equal(words, done.Output.Split('\0')[..^1]);
    }

    [Fact]
    public void The_line_for_the_login_shell_reads_the_same_in_every_shell_whatever_the_command()
    {
        var line = ShellCommand.Build(new CommandSpec("x", Nasty) { RunAs = "o'neil", Environment = new Dictionary<string, string> { ["A"] = Nasty } }, []).LoginLine;

        Assert.Matches(@"\Aexec /bin/sh -c '[A-Za-z0-9 /=""$()>]+'\z", line);
    }

    [Fact]
    public async Task A_script_that_arrives_cut_short_runs_nothing_of_it()
    {
        using var folder = new TemporaryFolder("cut");
        var built = ShellCommand.Build(new CommandSpec("touch", folder["made"]), []);
        foreach (var length in Enumerable.Range(1, 40).Select(i => built.Preamble.Length * i / 40))
        {
            await using var process = await new LocalShell().Start(built.LoginLine, urgent: false, default);
            await process.Input.WriteAsync(built.Preamble.AsMemory(0, length));
            await process.Input.DisposeAsync();
            await process.Exit;
            Assert.Equal(length == built.Preamble.Length, File.Exists(folder["made"]));
        }
    }

    [Fact]
    public void What_no_shell_can_carry_is_refused()
    {
        Refused(new CommandSpec("a\0b"));
        Refused(new CommandSpec("-rf"));
        Refused(new CommandSpec(""));
        Refused(new CommandSpec("x", "a\0b"));
        Refused(new CommandSpec("x") { RunAs = "-u" });
        Refused(new CommandSpec("x") { Environment = new Dictionary<string, string> { ["A; rm"] = "" } });
        Refused(new CommandSpec("x") { Files = [new CommandFile("A\n", "")] });

        static void Refused(CommandSpec command) => Assert.Throws<ArgumentException>(() => ShellCommand.Build(command, command.Files.Select(file => file.Content).ToList()));
    }
}

/// The same expectations where busybox is all there is: no coreutils, no util-linux, no /proc.
public sealed class BusyboxRunnerTests : IDisposable
{
    private readonly TemporaryFolder root = new("busybox", readableByAll: true);

    [SkippableFact]
    public async Task Busybox_is_enough()
    {
        Skip.IfNot(Programs.IsRoot, "Needs chroot.");
        var busybox = Programs.Require("busybox");
        Directory.CreateDirectory(root["bin"]);
        Directory.CreateDirectory(root["tmp"]);
        Directory.CreateDirectory(root["dev"]);
        File.Copy(busybox, root["bin/busybox"]);
        Programs.Run("/usr/sbin/chroot", [root.Path, "/bin/busybox", "--install", "-s", "/bin"]);
        Skip.If(Programs.TryRun("/bin/mknod", ["-m", "666", root["dev/null"], "c", "1", "3"]).Code != 0, "Needs device nodes.");
        var runner = new ShellRunner("b", new LocalShell("/usr/sbin/chroot", root.Path, "/bin/sh"), (_, _) => throw new InvalidOperationException(), TimeProvider.System);

        var file = new CommandFile("LIST", string.Concat(Enumerable.Repeat("line\n", 40_000)));
        var done = await runner.RunTextAsync(
            new CommandSpec("sh", "-c", "stat -c %a \"$1\"; wc -c <\"$1\"; printf '%s|' \"$2\" \"$V\"; cat; exit 7", "sh", file.Argument, "a'\n\\$") { Files = [file], Environment = new Dictionary<string, string> { ["V"] = "v'w" } },
            "input", 100_000, default);
        Assert.Equal((7, "600\n200000\na'\n\\$|v'w|input"), (done.Exit.Code, done.Output));
        Assert.Equal(127, (await runner.RunTextAsync(new CommandSpec("nothing"), "", 1000, default)).Exit.Code);
        Assert.Equal(137, (await runner.RunTextAsync(new CommandSpec("sh", "-c", "kill -9 $$"), "", 1000, default)).Exit.Code);

        using var cancel = new CancellationTokenSource();
        await using var command = await runner.StartAsync(new CommandSpec("sh", "-c", "trap '' TERM; sleep 1000 & echo $! $$; while :; do sleep 1; done") { Files = [file] }, cancel.Token);
        var read = await command.StandardOutput.ReadAsync();
        var ids = Encoding.UTF8.GetString(read.Buffer.FirstSpan).Trim().Split(' ');
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.Completion);
        Assert.All(ids, id => Assert.False(AnyRunner.Alive(id)));
        Assert.Empty(Directory.GetFileSystemEntries(root["tmp"]));
    }

    public void Dispose() => root.Dispose();
}
