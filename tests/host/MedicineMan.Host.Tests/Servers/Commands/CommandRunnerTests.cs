using System.Globalization;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Servers.Commands;

/// What every way of running a command must do alike, on this machine and over SSH: what goes in and what comes out.
public abstract class CommandRunnerTests : AnyRunner
{
    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(255)]
    public async Task The_exit_code_is_the_commands_own(int code)
    {
        var done = await Run(new CommandSpec("sh", "-c", $"echo out; echo err >&2; exit {code}"));

        Assert.Equal(code, done.Exit.Code);
        Assert.Equal("out\n", done.Output);
        Assert.Equal("err", done.Exit.ErrorText);
    }

    [SkippableFact]
    public async Task A_command_ended_by_a_signal_reports_128_plus_the_signal()
    {
        Assert.Equal(128 + 9, (await Run(new CommandSpec("sh", "-c", "kill -9 $$"))).Exit.Code);
        Assert.Equal(128 + 15, (await Run(new CommandSpec("sh", "-c", "kill -TERM $$") { Files = [new CommandFile("LIST", "x")] })).Exit.Code);
    }

    [SkippableFact]
    public async Task A_missing_program_is_127_with_a_sentence()
    {
        var done = await Run(new CommandSpec("no-such-program-here", "x"));

        Assert.Equal(127, done.Exit.Code);
        Assert.Equal("no-such-program-here: no such program on this server", done.Exit.ErrorText);
    }

    [SkippableFact]
    public async Task Arguments_and_environment_arrive_as_they_are_whatever_characters_they_hold()
    {
        string[] odd =
        [
            "", " ", "a b", "'", "''", "\"", "\\", "\\\\", "\\'", "$HOME", "$(id)", "`id`", "a;b", "a\nb", "\n", "\n\n", "-n", "--", "-rf", "*", "~", "#", "!", "!!", "a&b|c>d",
            "ünïcödé", "名前", "🐘", "\t", "\r\n", "%s%n", "\u0001file:NONE\u0001", "'\"'\"'", "\u001b[31m", "a=b", "{a,b}", "(", ")", "[x]", "\u00a0",
        ];

        var done = await Run(new CommandSpec("sh", ["-c", "for a; do printf '%s\\0' \"$a\"; done; printf '%s\\0' \"$ODD\"", "sh", .. odd])
        {
            Environment = new Dictionary<string, string> { ["ODD"] = string.Concat(odd) },
        });

        Assert.Equal([.. odd, string.Concat(odd)], done.Output.Split('\0')[..^1]);
    }

    [SkippableFact]
    public async Task Standard_input_is_streamed_and_its_end_is_seen()
    {
        await using var command = await Runner.StartAsync(new CommandSpec("cksum") { TimeLimit = TimeSpan.FromMinutes(2) }, default);
        var block = new byte[1024 * 1024];
        new Random(4).NextBytes(block);
        for (var i = 0; i < 20; i++)
        {
            await command.StandardInput.WriteAsync(block);
        }

        await command.StandardInput.CompleteAsync();
        var printed = await ReadAll(command);

        var exit = await command.Completion;
        Assert.True(exit.Ok, exit.ErrorText);
        Assert.Equal((20 * block.Length).ToString(CultureInfo.InvariantCulture), printed.Split(' ')[1].Trim());
    }

    [SkippableFact]
    public async Task A_reader_that_stops_stops_the_command()
    {
        using var folder = new TemporaryFolder("pressure", readableByAll: true);
        var count = folder["count"];
        await using var command = await Runner.StartAsync(
            new CommandSpec("sh", "-c", "i=0; echo 0 >\"$1\"; while [ $i -lt 200 ]; do head -c 1000000 /dev/zero; i=$((i+1)); echo $i >\"$1\"; done", "sh", count) { TimeLimit = TimeSpan.FromMinutes(2) }, default);
        await command.StandardOutput.ReadAsync();
        await Task.Delay(1500);

        var written = int.Parse(await File.ReadAllTextAsync(count), CultureInfo.InvariantCulture);
        Assert.True(written < 60, $"{written} MB were taken from a command whose output nobody reads.");
    }

    [SkippableFact]
    public async Task Files_are_for_the_user_alone_and_are_gone_afterwards()
    {
        var password = new CommandFile("PASSFILE", $"*:*:{CommandFile.SecretPlaceholder}\n") { Secret = new SecretRef("one"), Encode = value => value.Replace(":", "\\:", StringComparison.Ordinal) };
        var list = new CommandFile("LIST", string.Concat(Enumerable.Repeat("öne\n", 150_000)));

        var done = await Run(
            new CommandSpec("sh", "-c", "stat -c %a \"$1\" \"$2\"; stat -c %a \"$(dirname \"$1\")\"; wc -c <\"$2\"; echo \"$1\"; umask; cat \"$PASSFILE\"; cat", "sh", password.Argument, list.Argument) { Files = [password, list] },
            "rest of the input");

        Assert.True(done.Exit.Ok, done.Exit.ErrorText);
        var lines = done.Output.Split('\n', 7);
        Assert.Equal(["600", "600", "700", "750000"], lines[..4]);
        Assert.NotEqual("0077", lines[5]);
        Assert.Equal($"*:*:{Secret}\nrest of the input", lines[6]);
        Assert.False(File.Exists(lines[4]));
        Assert.False(Directory.Exists(Path.GetDirectoryName(lines[4])));
    }

    [SkippableFact]
    public async Task A_secret_is_never_seen_in_a_process_list()
    {
        await using var command = await Runner.StartAsync(
            new CommandSpec("sleep", "30") { Files = [new CommandFile("F", CommandFile.SecretPlaceholder) { Secret = new SecretRef("one"), Encode = _ => "canary-7f3a91" }] }, default);

        var seen = Directory.GetDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _))
            .SelectMany(folder => new[] { Path.Combine(folder, "cmdline"), Path.Combine(folder, "environ") })
            .Where(file => ReadIfThere(file).Contains("canary-7f3a91", StringComparison.Ordinal));
        Assert.Empty(seen);
    }

    [SkippableFact]
    public async Task A_command_runs_as_another_user_with_that_users_files_and_home()
    {
        Skip.IfNot(Programs.IsRoot, "Only root becomes another user without a password.");
        var done = await Run(new CommandSpec("sh", "-c", "id -un; echo \"$HOME\"; stat -c %U \"$LIST\"; cat \"$LIST\"; echo \"$V\"")
        {
            RunAs = "nobody", Files = [new CommandFile("LIST", "content\n")], Environment = new Dictionary<string, string> { ["V"] = "v w" },
        });

        Assert.True(done.Exit.Ok, done.Exit.ErrorText);
        Assert.Equal("nobody\n/nonexistent\nnobody\ncontent\nv w\n", done.Output);
    }

    [SkippableFact]
    public async Task Sixteen_commands_run_side_by_side()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Run(new CommandSpec("sh", "-c", "sleep 0.2; head -c 300000 /dev/zero | wc -c; echo \"$0\"", $"{i}"))));

        Assert.Equal(Enumerable.Range(0, 16).Select(i => $"300000\n{i}\n"), all.Select(done => done.Output));
    }

    [SkippableFact]
    public async Task Error_text_is_the_last_16_KiB_without_control_characters()
    {
        var done = await Run(new CommandSpec("sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x >&2; printf '\\033[31mred\\033[0m\\007\\n\\342\\200\\256end' >&2; exit 4"));

        Assert.Equal(4, done.Exit.Code);
        Assert.EndsWith("xxxred\nend", done.Exit.ErrorText, StringComparison.Ordinal);
        Assert.InRange(done.Exit.ErrorText.Length, 16_000, 16_384);
    }
}
