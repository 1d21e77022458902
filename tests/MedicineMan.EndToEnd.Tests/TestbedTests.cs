using MedicineMan.Testbed;

namespace MedicineMan.EndToEnd.Tests;

public sealed class TestbedTests
{
    [SkippableFact]
    public async Task A_private_PostgreSQL_answers()
    {
        await using var postgres = await PostgresServer.Start();
        Assert.Equal(1, await postgres.Query<int>("select 1"));
        var (file, arguments) = Programs.As(PostgresServer.SystemUser, Path.Combine(postgres.Bin, "psql"), ["-h", postgres.SocketDirectory, "-p", $"{postgres.Port}", "-XAtc", "select 2", "-U", "postgres", "postgres"]);
        Assert.Equal("2", Programs.Run(file, arguments).Trim());
    }

    [SkippableFact]
    public async Task A_private_sshd_lets_us_in_by_key()
    {
        await using var ssh = await SshServer.Start();
        var output = Programs.Run("/usr/bin/ssh", ["-p", $"{ssh.Port}", "-i", ssh.KeyFile, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", $"{SshServer.KeyUser}@127.0.0.1", "echo hi"]);
        Assert.Equal("hi", output.Trim());
    }
}
