using System.Text.Json.Nodes;
using MedicineMan.EndToEnd.Tests.Fixtures;
using MedicineMan.Testbed;

namespace MedicineMan.EndToEnd.Tests;

/// A server that is reached over a real sshd, and what goes wrong there.
public sealed class SshTests
{
    [SkippableFact]
    public async Task An_unknown_key_is_shown_then_pinned_and_a_changed_one_is_refused_on_every_path()
    {
        await using var clinic = await Clinic.Open();
        await using var ssh = await SshServer.Start();
        await clinic.Rows("shop", 2);
        var shelf = await clinic.Shelf("shelf");
        var server = await Add(clinic, ssh, new { name = "over key", address = "127.0.0.1", port = ssh.Port, userName = SshServer.KeyUser, privateKey = ssh.PrivateKey });
        var plan = await clinic.Plan(server, shelf, "shop");
        await clinic.Proven(await clinic.BackUp(plan));
        var scan = await clinic.JobEnded(Clinic.Id(await clinic.Operator.Post($"servers/{server}/scans")));
        Assert.Equal("succeeded", Clinic.Text(scan, "state"));
        var before = ssh.Fingerprint;

        await ssh.ChangeHostKey();
        Names((await clinic.Operator.Test(server))[^1]["detail"]);
        Names((await clinic.JobEnded(Clinic.Id(await clinic.Operator.Post($"servers/{server}/scans"))))["error"]);
        var run = await clinic.BackUp(plan);
        Names(run["error"]);
        Assert.Equal("failed", Clinic.Text(run, "state"));
        Assert.Equal(1, shelf.Files("snapshots"));

        await clinic.Operator.Put($"servers/{server}/host-key", new { fingerprint = ssh.Fingerprint, reason = "The server was reinstalled." });
        await clinic.Proven(await clinic.BackUp(plan));

        void Names(JsonNode? sentence)
        {
            Assert.Contains(before, sentence!.GetValue<string>(), StringComparison.Ordinal);
            Assert.Contains(ssh.Fingerprint, sentence!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task A_wrong_password_is_a_sentence_and_is_not_tried_again_by_itself()
    {
        Skip.IfNot(Programs.IsRoot, "Needs a user with a password.");
        await using var clinic = await Clinic.Open();
        await using var ssh = await SshServer.Start();
        await clinic.Rows("shop", 2);
        var shelf = await clinic.Shelf("shelf");
        var right = new { name = "over password", address = "127.0.0.1", port = ssh.Port, userName = ssh.PasswordUser, password = ssh.Password };
        var server = await Add(clinic, ssh, right);
        var plan = await clinic.Plan(server, shelf, "shop");
        await clinic.Proven(await clinic.BackUp(plan));

        await clinic.Operator.Put($"servers/{server}", new { right.name, right.address, right.port, right.userName, password = "not the password" });
        var run = await clinic.BackUp(plan);
        Assert.Equal("failed", Clinic.Text(run, "state"));
        Assert.Contains("password", Clinic.Text(run, "error"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(ssh.PasswordUser, Clinic.Text(run, "error"), StringComparison.Ordinal);
        await clinic.JobEnded(Clinic.Id(await clinic.Operator.Post($"servers/{server}/scans")));
        Assert.Equal(1, ssh.Log.Split("Failed password for").Length - 1);
        Assert.Equal(1, shelf.Files("snapshots"));

        await clinic.Operator.Put($"servers/{server}", right);
        await clinic.Proven(await clinic.BackUp(plan));
    }

    [SkippableFact]
    public async Task A_connection_cut_in_the_middle_of_a_dump_leaves_no_snapshot_and_the_next_run_is_proven()
    {
        await using var clinic = await Clinic.Open();
        await using var ssh = await SshServer.Start();
        await clinic.Rows("shop", 160);
        var shelf = await clinic.Shelf("shelf");
        var server = await Add(clinic, ssh, new { name = "cut", address = "127.0.0.1", port = ssh.Port, userName = SshServer.KeyUser, privateKey = ssh.PrivateKey });
        var plan = await clinic.Plan(server, shelf, "shop");
        var started = await clinic.Start(plan);
        await clinic.InTheDump();
        ssh.CutConnections();

        // It waits to be tried again by itself; what counts is what the failed attempt said and left.
        var failed = await clinic.Operator.Until($"backups/{started}", row => row["error"] is not null && Clinic.Text(row, "dumpState") == "waiting");
        Assert.Equal(0, shelf.Files("snapshots"));
        Assert.Matches("(?i)connection|ended early|cut", Clinic.Text(failed, "error"));
        Assert.EndsWith(".", Clinic.Text(failed, "error"), StringComparison.Ordinal);
        await clinic.Operator.Until($"backups/{started}", row => Clinic.Text(row, "state") == "proven");
        await clinic.Proven(await clinic.BackUp(plan));
        Assert.Equal(2, shelf.Files("snapshots"));
        Assert.Equal(0, await clinic.Postgres.Query<long>("select count(*) from pg_stat_activity where application_name = 'pg_dump'"));
    }

    [SkippableFact]
    public async Task A_server_without_PostgreSQLs_programs_names_the_package_to_install()
    {
        await using var clinic = await Clinic.Open();
        await using var ssh = await SshServer.StartWithoutPostgres();
        await clinic.Rows("shop", 1);
        var shelf = await clinic.Shelf("shelf");
        var server = await Add(clinic, ssh, new { name = "bare", address = "127.0.0.1", port = ssh.Port, userName = SshServer.KeyUser, privateKey = ssh.PrivateKey });
        var run = await clinic.BackUp(await clinic.Plan(server, shelf, "shop"));
        Assert.Equal("failed", Clinic.Text(run, "state"));
        Assert.Contains("pg_dump", Clinic.Text(run, "error"), StringComparison.Ordinal);
        Assert.Contains("postgresql-client", Clinic.Text(run, "error"), StringComparison.Ordinal);
        Assert.Equal(0, shelf.Files("snapshots"));
    }

    /// Adds a server as a person does: the test shows the key, its fingerprint is compared, and only then it is pinned.
    private static async Task<string> Add(Clinic clinic, SshServer ssh, object request)
    {
        var server = Clinic.Id(await clinic.Operator.Post("servers", request));
        var asked = (await clinic.Operator.Test(server))[^1];
        Assert.Equal("asks", Clinic.Text(asked, "state"));
        Assert.Equal(ssh.Fingerprint, Clinic.Text(asked, "hostKeyFingerprint"));
        await clinic.Operator.Put($"servers/{server}/host-key", new { fingerprint = ssh.Fingerprint });
        Assert.All(await clinic.Operator.Test(server), step => Assert.Equal("passed", Clinic.Text(step, "state")));
        return server;
    }
}
