using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Secrets;
using MedicineMan.Host.Servers;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Backups;

/// A machine burnt down with Medicine Man on it: a new installation that is given the repository and its password restores from it.
public sealed class AdoptRunsTests
{
    [SkippableFact]
    public async Task Backups_of_another_installation_are_found_and_restored_like_our_own()
    {
        await using var ward = await Ward.Open();
        await ward.Shop();
        await ward.BackUp(await ward.Plan());
        var row = await ward.Host.Get<RepositoryStore>().Get(Ward.Here, ward.RepositoryId, default);
        var password = await ward.Host.Get<SecretVault>().Open(Ward.Here, new SecretRef(row.PasswordSecret), Actor.System, "test", default);

        await using var second = await TestHost.Start();
        var server = await second.Get<ServerStore>().Add(Ward.Here, new ServerDraft { Name = "new machine", Kind = ServerKind.Local }, Ward.Somebody, default);
        var repository = await second.Get<RepositoryStore>().Add(Ward.Here, Ward.Somebody, NewRepository.Local("rescued", ward.RepositoryFolder), password, default);
        var run = Assert.Single(await ward.Until(async () => (await second.Get<RunStore>().Page(Ward.Here, null, null, 10, default)).Items, rows => rows.Count > 0, _ => "no run"));
        Assert.Equal(("stored", "shop, taken elsewhere from this machine"), (run.State, run.Name));
        Assert.Equal(["shop"], run.ItemNames);

        using var owner = await second.Owner();
        Assert.Contains($"/backups/runs/{run.Id}/restore", (await owner.Get($"/backups/repositories/{repository}")).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Prove again", (await owner.Get($"/backups/runs/{run.Id}")).Body, StringComparison.Ordinal);
        var answer = await owner.Send(
            $"/backups/runs/{run.Id}/restore", ("Form.Item", "shop"), ("Form.ServerId", server), ("Form.Target", "rescued"), ("Form.DryRun", "false"), ("Form.Host", ward.Postgres.SocketDirectory),
            ("Form.Port", $"{ward.Postgres.Port}"), ("Form.UserName", "postgres"), ("Form.RunAs", Programs.IsRoot ? PostgresServer.SystemUser : ""));
        var restored = await ward.Until(
            () => second.Get<RestoreStore>().Get(Ward.Here, answer.Location!.Split('/')[^1], default), one => one.State.IsFinal(), one => $"{one.State} {one.Error}");
        Assert.Equal((StageState.Done, null), (restored.State, restored.Error));
        Assert.Equal(2000, await ward.Postgres.Query<long>("select count(*) from orders", "rescued"));

        // Reading the list once more adopts nothing twice, and nobody adopts what he made himself.
        foreach (var (host, id) in new[] { (second, repository), (ward.Host, ward.RepositoryId) })
        {
            var job = await host.Get<SnapshotStore>().Read(Ward.Here, Ward.Somebody, id, null, null, default);
            await ward.Until(() => host.Get<Jobs.JobQueue>().Find(Ward.Here.Value, job, default), one => one?.EndedAt is not null, one => $"{one?.State}");
            Assert.Single((await host.Get<RunStore>().Page(Ward.Here, null, null, 10, default)).Items);
        }

        Assert.Contains("backup.adopted", (await second.Get<AuditLog>().Page(Ward.Here, null, 50, default)).Items.Select(entry => entry.Action));
    }
}
