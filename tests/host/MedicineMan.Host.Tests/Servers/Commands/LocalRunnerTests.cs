using MedicineMan.Host.Servers.Commands;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Tests.Servers.Commands;

public sealed class LocalRunnerTests : CommandRunnerTests
{
    protected override ICommandRunner Runner { get; } = new ShellRunner("local", new LocalShell(), Secrets, TimeProvider.System);

    [Fact]
    public async Task The_hosts_own_environment_is_not_handed_to_commands()
    {
        // Not the real variable: other tests start hosts in this process.
        Environment.SetEnvironmentVariable("MEDICINEMAN_CANARY", "canary-key");

        var done = await Run(new CommandSpec("env"));

        Assert.DoesNotContain("canary-key", done.Output, StringComparison.Ordinal);
        Assert.Contains("PATH=", done.Output, StringComparison.Ordinal);
    }
}

public sealed class LocalCommandEndTests : CommandEndTests
{
    protected override ICommandRunner Runner { get; } = new ShellRunner("local", new LocalShell(), Secrets, TimeProvider.System);
}
