using MedicineMan.Host.Servers;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Host.Tests.Servers.Ssh;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Servers;

public sealed class ConnectionTestTests
{
    [SkippableFact]
    public async Task A_good_connection_passes_every_step_with_its_time()
    {
        await using var server = await SshServer.Start();

        var steps = await Run(SshConnectionTests.Target(server, await SshConnectionTests.Learn(server)));

        Assert.Equal(["DNS", "TCP", "Host key", "Authentication", "Shell"], steps.Select(step => step.Name));
        Assert.All(steps, step => Assert.Equal((TestState.Passed, null), (step.State, step.Remedy)));
        Assert.Contains("OpenSSH", steps[1].Detail, StringComparison.Ordinal);
        Assert.Contains(server.Fingerprint, steps[2].Detail, StringComparison.Ordinal);
        Assert.Contains("Linux", steps[4].Detail, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_unknown_key_asks_and_a_changed_one_fails()
    {
        await using var server = await SshServer.Start();
        var asked = (await Run(SshConnectionTests.Target(server, null)))[^1];
        Assert.Equal(("Host key", TestState.Asks, server.Fingerprint), (asked.Name, asked.State, asked.HostKey?.Fingerprint));

        await server.ChangeHostKey();
        var changed = (await Run(SshConnectionTests.Target(server, asked.HostKey)))[^1];
        Assert.Equal(("Host key", TestState.Failed, server.Fingerprint), (changed.Name, changed.State, changed.HostKey?.Fingerprint));
    }

    [SkippableFact]
    public async Task Each_failure_stops_at_its_step_with_a_remedy()
    {
        await using var server = await SshServer.Start();
        var good = SshConnectionTests.Target(server, await SshConnectionTests.Learn(server));

        await Stops(good with { Address = "no-such-host.invalid" }, "DNS");
        await Stops(good with { Port = Programs.FreePort() }, "TCP");
        await Stops(good with { Credential = SshCredential.ByPassword("wrong") }, "Authentication");

        static async Task Stops(SshTarget target, string at)
        {
            var last = (await Run(target))[^1];
            Assert.Equal((at, TestState.Failed), (last.Name, last.State));
            Assert.False(string.IsNullOrEmpty(last.Remedy));
        }
    }

    private static async Task<List<TestStep>> Run(SshTarget target)
    {
        await using var connections = new SshConnections(TimeProvider.System);
        return await new ConnectionTest(connections, TimeProvider.System).Run(target, default).ToListAsync();
    }
}
