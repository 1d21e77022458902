using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Tests.Servers.Ssh;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Scanning;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Backups;

/// Proofs and restores on another server than the backup comes from: a real sshd with a PostgreSQL cluster of its own.
public sealed class SecondServerTests
{
    /// Exists in the second cluster alone: whoever gets in by this name is there and nowhere else.
    private const string Prover = "create role prover superuser login password 'a prover''s word'";
    private const string Word = "a prover's word";

    [SkippableFact]
    public async Task A_backup_is_proven_there_over_a_connection_of_its_own()
    {
        await using var two = await Two.Open();
        await two.Other.Execute(Prover);
        var plan = await two.Plan(settings => settings with { ProofHost = "127.0.0.1", ProofPort = two.Other.Port, ProofUserName = "prover", ProofPassword = Word });

        var run = await two.Ward.BackUp(plan);

        Assert.Equal(("proven", null), (run.State, run.ProveError));
        Assert.Equal(0, await two.Other.Query<long>("select count(*) from pg_database where datname like 'medicineman%'"));
    }

    [SkippableFact]
    public async Task A_wrong_password_for_the_proof_shows_at_once_leaves_the_backup_stored_and_is_mended_in_the_form()
    {
        await using var two = await Two.Open();
        await two.Other.Execute(Prover);
        var plan = await two.Plan(settings => settings with { ProofHost = "127.0.0.1", ProofPort = two.Other.Port, ProofUserName = "prover", ProofPassword = "wrong" });
        var looked = await two.Ward.Until(() => two.Plans.Get(Ward.Here, plan, default), row => row.FoundAt is not null, row => row.FoundError ?? "");
        Assert.Contains("not proven where its proofs go", looked.FoundError, StringComparison.Ordinal);
        Assert.True(looked.FoundError!.Contains("password", StringComparison.OrdinalIgnoreCase), looked.FoundError);

        var run = await two.Ward.BackUp(plan);
        Assert.Equal((StageState.Done, StageState.Failed), (run.StoreState, run.ProveState));
        Assert.Contains("password", run.ProveError, StringComparison.OrdinalIgnoreCase);

        using var owner = await two.Ward.Host.Owner();
        await owner.Send(
            $"/backups/plans/{plan}/edit", ("Form.Name", "shop"), ("Form.ServerId", looked.ServerId), ("Form.RepositoryId", looked.RepositoryId), ("Form.Kind", "postgres"), ("Form.Host", looked.Host!),
            ("Form.Port", $"{looked.Port}"), ("Form.UserName", "postgres"), ("Form.RunAs", looked.RunAs ?? ""), ("Form.Items", "shop"), ("Form.Prove", "true"), ("Form.ProofServerId", two.ServerId),
            ("Form.ProofHost", "127.0.0.1"), ("Form.ProofPort", $"{two.Other.Port}"), ("Form.ProofUserName", "prover"), ("Form.ProofPassword", Word));
        Assert.Contains("on other at 127.0.0.1", (await owner.Get($"/backups/plans/{plan}")).Text, StringComparison.Ordinal);
        await two.Ward.Host.Get<RunStore>().Prove(Ward.Here, Ward.Somebody, run.Id, default);
        Assert.Equal("proven", (await two.Ward.Ended(run.Id)).State);
    }

    [SkippableFact]
    public async Task The_password_for_the_proof_does_not_follow_it_to_another_host()
    {
        await using var two = await Two.Open();
        var plan = await two.Plan(settings => settings with { ProofHost = "127.0.0.1", ProofUserName = "prover", ProofPassword = Word });
        var form = PlanForm.From(await two.Plans.Get(Ward.Here, plan, default));

        await two.Plans.Edit(Ward.Here, Ward.Somebody, plan, form.Read() with { Name = "renamed" }, default);
        Assert.NotNull((await two.Plans.Get(Ward.Here, plan, default)).ProofPasswordSecret);

        await two.Plans.Edit(Ward.Here, Ward.Somebody, plan, form.Read() with { ProofHost = "elsewhere" }, default);
        Assert.Null((await two.Plans.Get(Ward.Here, plan, default)).ProofPasswordSecret);
    }

    [SkippableFact]
    public async Task A_restore_to_another_server_takes_what_its_scan_found_or_what_is_entered()
    {
        await using var two = await Two.Open();
        var run = await two.Ward.BackUp(await two.Plan(settings => settings with { ProofServerId = null }));
        var found = new FoundService
        {
            Kind = "postgres", Identity = two.Other.DataDirectory, Title = "PostgreSQL", Port = two.Other.Port, SocketDirectory = two.Other.SocketDirectory, RunsAs = PostgresServer.SystemUser, Running = true,
        };
        var server = await two.Ward.Host.Get<ServerStore>().Get(Ward.Here, two.ServerId, default);
        await two.Ward.Host.Get<ScanStore>().Save(
            Ward.Here, server, new ScanFindings(DateTimeOffset.UtcNow, TimeSpan.Zero, true, [], [new ScanReport { Services = [found] }]), Ward.Somebody, default);

        // As root Medicine Man becomes the owner of the cluster by itself; anybody else is let in by the name he has.
        if (Programs.IsRoot)
        {
            var asFound = await two.Ward.Restore(run, "as_found", request => request with { ServerId = two.ServerId });
            Assert.Equal((StageState.Done, null), (asFound.State, asFound.Error));
            Assert.Equal(2000, await two.Other.Query<long>("select count(*) from orders", "as_found"));
        }

        using var owner = await two.Ward.Host.Owner();
        var answer = await owner.Send(
            $"/backups/runs/{run.Id}/restore", ("Form.Item", "shop"), ("Form.ServerId", two.ServerId), ("Form.Target", "entered"), ("Form.DryRun", "false"), ("Form.Host", "127.0.0.1"),
            ("Form.Port", $"{two.Other.Port}"), ("Form.UserName", "postgres"), ("Form.Password", PostgresServer.Password));
        var entered = await two.Ward.Until(
            () => two.Ward.Host.Get<RestoreStore>().Get(Ward.Here, answer.Location!.Split('/')[^1], default), row => row.State.IsFinal(), row => $"{row.State} {row.Error}");
        Assert.Equal((StageState.Done, null), (entered.State, entered.Error));
        Assert.Equal(2000, await two.Other.Query<long>("select count(*) from orders", "entered"));
        Assert.Equal(0, await two.Ward.Postgres.Query<long>("select count(*) from pg_database where datname in ('as_found', 'entered')"));
    }

    [SkippableFact]
    public async Task A_server_that_a_plan_needs_is_not_removed()
    {
        await using var two = await Two.Open();
        await two.Plan(settings => settings);
        foreach (var needed in new[] { two.ServerId, two.Ward.ServerId })
        {
            var refused = await Assert.ThrowsAsync<UserFacingException>(() => two.Ward.Host.Get<ServerStore>().Remove(Ward.Here, needed, Ward.Somebody, default));
            Assert.Contains("\"shop\"", refused.Message, StringComparison.Ordinal);
        }
    }

    /// A ward, and a second server with a cluster of its own.
    private sealed class Two(Ward ward, SshServer ssh, PostgresServer other, string serverId) : IAsyncDisposable
    {
        public Ward Ward => ward;

        public PostgresServer Other => other;

        public string ServerId => serverId;

        public PlanStore Plans => ward.Host.Get<PlanStore>();

        public static async Task<Two> Open()
        {
            var ward = await Ward.Open();
            await ward.Shop();
            var ssh = await SshServer.Start();
            var draft = new ServerDraft { Name = "other", Address = "127.0.0.1", Port = ssh.Port, UserName = SshServer.KeyUser, Credential = new NewCredential("key", ssh.PrivateKey) };
            var id = await ward.Host.Get<ServerStore>().Add(Ward.Here, draft, Ward.Somebody, default);
            var keys = ward.Host.Get<HostKeyStore>();
            await keys.RecordOfferedKey(Ward.Here, id, await SshConnectionTests.Learn(ssh), default);
            await keys.PinOfferedKey(Ward.Here, id, ssh.Fingerprint, Ward.Somebody, default);
            return new Two(ward, ssh, await PostgresServer.Start(), id);
        }

        /// Of the shop on the first server, proven on the second.
        public Task<string> Plan(Func<PlanSettings, PlanSettings> with) => ward.Plan(with: settings => with(settings with { ProofServerId = serverId }));

        public async ValueTask DisposeAsync()
        {
            await ward.DisposeAsync();
            await ssh.DisposeAsync();
            await other.DisposeAsync();
        }
    }
}
