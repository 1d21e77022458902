using System.Collections.Concurrent;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Sdk.Commands;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Servers.Ssh;

/// Commands that share a connection.
public sealed class SshChannelTests(SshFixture ssh) : IClassFixture<SshFixture>
{
    [SkippableFact]
    public async Task Commands_that_end_while_their_input_is_still_sent_harm_no_other()
    {
        Programs.Require("sshd");
        var runner = ssh.Runner(ssh.Target(ssh.Pinned), NoSecrets);
        var input = new string('x', 200_000);
        var ends = new ConcurrentDictionary<string, int>();

        // Several at once, so that a channel's number is soon another's.
        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, cancel) =>
        {
            var end = await Record.ExceptionAsync(async () => Assert.Equal(3, (await runner.RunTextAsync(new CommandSpec("sh", "-c", "exit 3"), input, 1000, cancel)).Exit.Code));
            ends.AddOrUpdate(end?.Message ?? "good", 1, (_, count) => count + 1);
        });

        Assert.Equal(["good"], ends.Keys);
    }

    [SkippableFact]
    public async Task Commands_that_were_given_up_before_the_server_answered_leave_nothing_there()
    {
        Programs.Require("sshd");
        Programs.Require("ps");
        await using var server = await SshServer.Start();
        await using var connections = new SshConnections(TimeProvider.System);
        var runner = new ShellRunner("s", new SshShell(SshConnectionTests.Target(server, await SshConnectionTests.Learn(server)), connections), NoSecrets, TimeProvider.System);
        await Echo();
        server.FreezeConnections();
        for (var i = 0; i < 3; i++)
        {
            using var soon = new CancellationTokenSource(100);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await runner.StartAsync(new CommandSpec("sleep", "1000"), soon.Token));
        }

        server.ThawConnections();
        await Echo();

        await Eventually.Holds(() => Task.FromResult(server.Running().Count == 0));

        async Task Echo() => Assert.Equal("here\n", (await runner.RunTextAsync(new CommandSpec("echo", "here"), "", 1000, default)).Output);
    }

    private static ValueTask<string> NoSecrets(Sdk.Secrets.SecretRef secret, CancellationToken cancel) => throw new InvalidOperationException();
}
