using System.Diagnostics;
using System.Text.Json;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Cli.Repository;

/// <summary>Backups of what a program puts out, with the program as a process and restic as the judge.</summary>
public sealed class BackupProgramTests : IDisposable
{
    private readonly TemporaryFolder folder = new("program");

    public BackupProgramTests() => File.WriteAllText(folder["password"], "a password\n");

    [SkippableFact]
    public async Task Only_a_program_that_succeeds_leaves_a_snapshot()
    {
        var restic = Programs.Require("restic");
        Expect(await Run("init"));

        // Arguments reach it as they are, and it has the caller's environment. A word that starts with @ is no list of arguments.
        var worked = await Run("backup", "--stdin-filename", "dumps/out", "--tag", "@daily", "--json", "--stdin-from-command", "--", "/bin/sh", "-c", "echo \"$MEDICINEMAN_TEST\"; echo \"$1\"; seq 300000; echo careful >&2; sleep 1.5", "sh", "a  b'$(c)");
        Expect(worked);
        Assert.Contains("/bin/sh: careful", worked.Errors, StringComparison.Ordinal);
        Assert.Contains("\"message_type\":\"status\"", worked.Output, StringComparison.Ordinal);
        Assert.Equal(0, JsonDocument.Parse(worked.Output.Trim().Split('\n')[^1]).RootElement.GetProperty("total_files_processed").GetInt32() - 1);
        var content = Restic("dump", "latest", "/dumps/out");
        Assert.StartsWith("from the caller\na  b'$(c)\n1\n2\n", content, StringComparison.Ordinal);
        Assert.EndsWith("299999\n300000\n", content, StringComparison.Ordinal);

        await ExpectNone("/bin/sh failed with exit code 7", "/bin/sh", "-c", "seq 300000; echo the disk is full >&2; exit 7");
        await ExpectNone("/bin/sh failed with exit code 137, which means that signal 9", "/bin/sh", "-c", "seq 300000; kill -9 $$");
        await ExpectNone("no-such-program can't be started", "no-such-program", "x");
        await ExpectNone("/etc can't be started", "/etc");
        await ExpectNone("not both");
        Assert.Equal("@daily", Assert.Single(JsonDocument.Parse(Restic("snapshots", "--json", "--no-lock")).RootElement.EnumerateArray()).GetProperty("tags")[0].GetString());
        Restic("check", "--read-data");

        string Restic(params string[] arguments) => Programs.Run(restic, ["-r", folder["repository"], "--password-file", folder["password"], "--no-cache", .. arguments]);
    }

    [Fact]
    public async Task A_cancelled_backup_ends_the_program_and_all_it_started()
    {
        Expect(await Run("init"));
        using var process = Start("backup", "--stdin-from-command", "--", "/bin/sh", "-c", $"echo $$ > '{folder["leader"]}'; sleep 300 & echo $! > '{folder["child"]}'; seq 1000; wait");
        var errors = process.StandardError.ReadToEndAsync();
        await Until(() => File.Exists(folder["child"]) && File.ReadAllText(folder["child"]).EndsWith('\n'));
        Programs.Run("/bin/sh", ["-c", "kill -TERM $1", "sh", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(patience.Token);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains("Cancelled", await errors, StringComparison.Ordinal);
        foreach (var name in new[] { "leader", "child" })
        {
            var id = File.ReadAllText(folder[name]).Trim();
            await Until(() => !File.Exists($"/proc/{id}/stat") || File.ReadAllText($"/proc/{id}/stat").Contains(") Z", StringComparison.Ordinal));
        }

        Assert.Equal("", (await Run("snapshots")).Output);
    }

    public void Dispose() => folder.Dispose();

    private static void Expect((int Code, string Output, string Errors) ran) => Assert.True(ran.Code == 0, ran.Errors);

    private static async Task Until(Func<bool> condition)
    {
        for (var patience = 0; !condition(); patience++)
        {
            Assert.True(patience < 600, "It did not come to that within a minute.");
            await Task.Delay(100);
        }
    }

    private async Task ExpectNone(string message, params string[] words)
    {
        var (code, _, errors) = await Run(["backup", "--stdin-from-command", "--", .. words]);
        Assert.Equal(1, code);
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Errors)> Run(params string[] arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }

    // Options stand before the program's own.
    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "medicineman"), ["repository", "--repo", folder["repository"], "--password-file", folder["password"], .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["MEDICINEMAN_TEST"] = "from the caller";
        return Process.Start(start)!;
    }
}
