using MedicineMan.Host.Servers.Commands;
using MedicineMan.Host.Tests.Servers.Ssh;
using MedicineMan.Sdk.Commands;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Servers.Commands;

/// What a command's output takes of the host's memory while it is read.
public abstract class OutputMemoryTests : AnyRunner
{
    [SkippableFact]
    public async Task Two_hundred_megabytes_of_output_flow_through_in_flat_memory()
    {
        await Run(new CommandSpec("head", "-c", "4000000", "/dev/zero"), maxBytes: 8_000_000);
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await using var command = await Runner.StartAsync(new CommandSpec("head", "-c", "200000000", "/dev/zero"), default);

        long total = 0, peak = 0;
        while (true)
        {
            var read = await command.StandardOutput.ReadAsync();
            total += read.Buffer.Length;
            command.StandardOutput.AdvanceTo(read.Buffer.End);
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false) - before);
            if (read.IsCompleted)
            {
                break;
            }
        }

        Assert.Equal(200_000_000, total);
        Assert.True((await command.Completion).Ok);
        Assert.True(peak < 60_000_000, $"{peak / 1_000_000} MB of memory at the peak.");
    }
}

[Collection(nameof(Alone))]
public sealed class LocalOutputMemoryTests : OutputMemoryTests
{
    protected override ICommandRunner Runner { get; } = new ShellRunner("local", new LocalShell(), Secrets, TimeProvider.System);
}

[Collection(nameof(Alone))]
public sealed class SshOutputMemoryTests(SshFixture ssh) : OutputMemoryTests, IClassFixture<SshFixture>
{
    protected override ICommandRunner Runner
    {
        get
        {
            Programs.Require("sshd");
            return ssh.Runner(ssh.Target(ssh.Pinned), Secrets);
        }
    }
}
