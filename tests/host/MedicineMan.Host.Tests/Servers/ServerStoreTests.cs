using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Secrets;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Host.Tests.Data;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Tests.Servers;

public abstract class ServerStoreTests
{
    private static readonly OrganizationId Here = OrganizationId.Default;
    private static readonly OrganizationId There = new("other");
    private static readonly Actor Ann = new("person", "1", "Ann", null);
    private static readonly HostKey First = new("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    private static readonly HostKey Second = new("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB");

    private protected abstract Task<TestDatabase> Start();

    [SkippableFact]
    public async Task Pages_walk_through_all_servers_once_in_order_whatever_their_names()
    {
        await using var test = await Start();
        var store = Store(test);
        string[] names = ["b", "a", "a", "c'; drop table servers", "ü", "Z", "名", "a b"];
        foreach (var name in names)
        {
            await store.Add(Here, Draft(name), Ann, default);
        }

        await store.Add(There, Draft("not ours"), Ann, default);
        List<string> seen = [];
        string? next = null;
        do
        {
            var page = await store.Page(Here, null, null, next, 3, default);
            seen.AddRange(page.Items.Select(row => row.Name));
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(names.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Assert.Equal(["a", "a"], seen.Where(name => name == "a"));
    }

    [SkippableFact]
    public async Task Search_finds_parts_of_name_address_and_tag_and_takes_wildcards_literally()
    {
        await using var test = await Start();
        var store = Store(test);
        await store.Add(Here, Draft("Ünit-1") with { Tags = ["Prod", "eu-west"] }, Ann, default);
        await store.Add(Here, Draft("100% db") with { Address = "10.9.8.7", Tags = ["prod2"] }, Ann, default);

        Assert.Equal(["Ünit-1"], await Names("üNIT", null));
        Assert.Equal(["100% db"], await Names("9.8", null));
        Assert.Equal(["100% db"], await Names("0%", null));
        Assert.Empty(await Names("0_%", null));
        Assert.Equal(["Ünit-1"], await Names(null, "prod"));
        Assert.Equal(["Ünit-1"], await Names("WEST", "PROD"));

        async Task<IEnumerable<string>> Names(string? search, string? tag) => (await store.Page(Here, search, tag, null, 10, default)).Items.Select(row => row.Name);
    }

    [SkippableFact]
    public async Task A_server_is_added_edited_and_removed_with_its_credential_and_an_audit_entry_each()
    {
        await using var test = await Start();
        var (store, vault) = (Store(test), Vault(test));
        var id = await store.Add(Here, Draft("web") with { Credential = new NewCredential("password", "one") }, Ann, default);
        var added = await store.Get(Here, id, default);
        Assert.Equal(("web", "web.example", 22, "root", "unknown", "password"), (added.Name, added.Address, added.Port, added.UserName, added.State, added.CredentialKind));
        Assert.Equal("one", await vault.Open(Here, added.Credential!.Value, Ann, "", default));

        await store.Edit(Here, id, Draft("web-2") with { Port = 2222, Credential = new NewCredential("key", "text", "phrase") }, Ann, default);
        var edited = await store.Get(Here, id, default);
        Assert.Equal(("web-2", 2222, "key"), (edited.Name, edited.Port, edited.CredentialKind));
        await Assert.ThrowsAsync<UserFacingException>(() => vault.Open(Here, added.Credential.Value, Ann, "", default));
        await store.Edit(Here, id, Draft("web-3"), Ann, default);
        Assert.Equal(edited.CredentialSecret, (await store.Get(Here, id, default)).CredentialSecret);

        Assert.Null(await store.Find(There, id, default));
        await Assert.ThrowsAsync<UserFacingException>(() => store.Remove(There, id, Ann, default));
        await store.Remove(Here, id, Ann, default);
        Assert.Null(await store.Find(Here, id, default));
        var actions = (await test.Audit.Page(Here, null, 50, default)).Items.Select(entry => entry.Action);
        Assert.Equal(["server.added", "server.edited", "server.edited", "server.removed"], actions.Where(action => action.StartsWith("server.", StringComparison.Ordinal)).Reverse());
    }

    [SkippableFact]
    public async Task Everything_wrong_with_a_draft_is_said_at_once_and_this_machine_is_listed_once()
    {
        await using var test = await Start();
        var store = Store(test);
        var draft = new ServerDraft { Name = " ", Address = "-x", Port = 0, UserName = "", Tags = ["a b"] };
        Assert.Equal(["address", "name", "port", "tags", "userName"], draft.Problems().Keys.Order(StringComparer.Ordinal));
        await Assert.ThrowsAsync<UserFacingException>(() => store.Add(Here, draft, Ann, default));

        var local = new ServerDraft { Name = "This machine", Kind = ServerKind.Local };
        await store.Add(Here, local, Ann, default);
        await Assert.ThrowsAsync<TakenException>(() => store.Add(Here, local, Ann, default));
    }

    [SkippableFact]
    public async Task A_changed_host_key_waits_until_a_person_approves_that_key_with_a_reason()
    {
        await using var test = await Start();
        var (store, keys) = (Store(test), new HostKeyStore(test.Database, test.Audit, TimeProvider.System));
        var id = await store.Add(Here, Draft("web"), Ann, default);
        await keys.RecordOfferedKey(Here, id, First, default);
        await keys.PinOfferedKey(Here, id, First.Fingerprint, Ann, default);
        await Assert.ThrowsAsync<UserFacingException>(() => keys.PinOfferedKey(Here, id, Second.Fingerprint, Ann, default));

        await keys.RecordChangedKey(Here, id, new ChangedHostKeyException("web", First, Second), default);
        await keys.RecordChangedKey(Here, id, new ChangedHostKeyException("web", First, Second), default);
        var waiting = await store.Get(Here, id, default);
        Assert.Equal((First.Text, Second.Fingerprint, ServerState.Failed), (waiting.HostKey, waiting.PendingHostKeyFingerprint, waiting.State));
        Assert.True((await store.Page(Here, null, null, null, 5, default)).Items[0].HostKeyPending);

        await Assert.ThrowsAsync<UserFacingException>(() => keys.ApproveHostKey(Here, id, Second.Fingerprint, " ", Ann, default));
        await Assert.ThrowsAsync<UserFacingException>(() => keys.ApproveHostKey(Here, id, First.Fingerprint, "why not", Ann, default));
        await keys.ApproveHostKey(Here, id, Second.Fingerprint, "reinstalled", Ann, default);
        var approved = await store.Get(Here, id, default);
        Assert.Equal((Second, null), (approved.Pinned, approved.PendingHostKey));
        Assert.Single((await test.Audit.Page(Here, null, 50, default)).Items, entry => entry.Action == "server.host-key-changed");
    }

    [SkippableFact]
    public async Task Only_the_key_a_server_showed_last_is_confirmed_and_only_by_the_fingerprint_that_was_compared()
    {
        await using var test = await Start();
        var (store, keys) = (Store(test), new HostKeyStore(test.Database, test.Audit, TimeProvider.System));
        var id = await store.Add(Here, Draft("web"), Ann, default);
        await Assert.ThrowsAsync<UserFacingException>(() => keys.PinOfferedKey(Here, id, First.Fingerprint, Ann, default));

        await keys.RecordOfferedKey(Here, id, First, default);
        await keys.RecordOfferedKey(Here, id, Second, default);
        await keys.RecordOfferedKey(Here, id, Second, default);
        Assert.False((await store.Page(Here, null, null, null, 5, default)).Items[0].HostKeyPending);
        await Assert.ThrowsAsync<UserFacingException>(() => keys.PinOfferedKey(Here, id, First.Fingerprint, Ann, default));
        await Assert.ThrowsAsync<UserFacingException>(() => keys.PinOfferedKey(There, id, Second.Fingerprint, Ann, default));
        await Assert.ThrowsAsync<UserFacingException>(() => keys.ApproveHostKey(Here, id, Second.Fingerprint, "not yet", Ann, default));
        await keys.PinOfferedKey(Here, id, Second.Fingerprint, Ann, default);
        await keys.PinOfferedKey(Here, id, Second.Fingerprint, Ann, default);
        await keys.RecordOfferedKey(Here, id, First, default);

        var pinned = await store.Get(Here, id, default);
        Assert.Equal((Second, null), (pinned.Pinned, pinned.PendingHostKey));
        await Assert.ThrowsAsync<UserFacingException>(() => keys.PinOfferedKey(Here, id, First.Fingerprint, Ann, default));
        await keys.RecordOfferedKey(Here, id, First, default);
        string[] expected = ["server.host-key-offered", "server.host-key-offered", "server.host-key-pinned"];
        Assert.Equal(expected, (await test.Audit.Page(Here, null, 50, default)).Items.Select(entry => entry.Action).Where(action => action.Contains("host-key", StringComparison.Ordinal)).Reverse());
    }

    [SkippableFact]
    public async Task Another_address_needs_its_key_looked_at_anew()
    {
        await using var test = await Start();
        var (store, keys) = (Store(test), new HostKeyStore(test.Database, test.Audit, TimeProvider.System));
        var id = await store.Add(Here, Draft("web"), Ann, default);
        await keys.RecordOfferedKey(Here, id, First, default);
        await keys.PinOfferedKey(Here, id, First.Fingerprint, Ann, default);

        await store.Edit(Here, id, Draft("renamed"), Ann, default);
        Assert.Equal(First, (await store.Get(Here, id, default)).Pinned);
        await store.Edit(Here, id, Draft("renamed") with { Address = "elsewhere.example" }, Ann, default);
        Assert.Null((await store.Get(Here, id, default)).Pinned);
    }

    [SkippableFact]
    public async Task Contact_is_recorded_and_audited_when_it_changes_the_state()
    {
        await using var test = await Start();
        var store = Store(test);
        var id = await store.Add(Here, Draft("web"), Ann, default);

        await store.RecordContact(Here, id, ServerState.Online, null, default);
        var online = await store.Get(Here, id, default);
        await store.RecordContact(Here, id, ServerState.Failed, "timed out", default);
        await store.RecordContact(Here, id, ServerState.Failed, "no answer", default);
        var failed = await store.Get(Here, id, default);

        Assert.Equal(ServerState.Online, online.State);
        Assert.NotNull(online.SeenAt);
        Assert.Equal((ServerState.Failed, "no answer", online.SeenAt), (failed.State, failed.LastError, failed.SeenAt));
        Assert.Equal(["server.failed", "server.online", "server.added"], (await test.Audit.Page(Here, null, 50, default)).Items.Select(entry => entry.Action));
    }

    private static ServerDraft Draft(string name) => new() { Name = name, Address = "web.example", UserName = "root" };

    private static SecretVault Vault(TestDatabase test) => new(test.Database, new KeyRing([new MasterKey(new byte[32])]), test.Audit, TimeProvider.System);

    private static ServerStore Store(TestDatabase test) => new(test.Database, Vault(test), test.Audit, TimeProvider.System);
}

public sealed class SqliteServerStoreTests : ServerStoreTests
{
    [Theory]
    [InlineData(ServerStore.FirstPageSql)]
    [InlineData(ServerStore.PageSql)]
    public async Task Any_page_is_read_in_the_order_of_the_index_without_sorting(string sql)
    {
        await using var test = await Start();
        await using var connection = await test.Database.OpenRead(default);

        var plan = (await connection.QueryAsync("explain query plan " + sql, new { organization = "default", name = "", id = "", search = (string?)null, tag = (string?)null, size = 51 }))
            .Select(row => (string)row.detail);

        Assert.Contains("servers_in_list_order", Assert.Single(plan), StringComparison.Ordinal);
    }

    private protected override Task<TestDatabase> Start() => TestDatabase.Sqlite();
}

public sealed class PostgresServerStoreTests : ServerStoreTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Postgres();
}
