using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Plugins.Packages.Registries;
using MedicineMan.Host.Tests.Data;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins.Packages;

/// The stores on both databases.
public abstract class InstalledPluginsTests
{
    private protected abstract Task<TestDatabase> Start();

    [SkippableFact]
    public async Task A_change_writes_the_row_keeps_its_versions_and_audits_once()
    {
        await using var database = await Start();
        var store = new InstalledPlugins(database.Database, database.Audit, TimeProvider.System);
        var row = new InstalledPlugin { Id = "acme.hello", Name = "Hello", Publisher = "acme", Source = "upload", Enabled = true, PendingVersion = "1.0.0" };
        var pin = new PublisherPin { Id = "acme", PublicKey = "a", Fingerprint = "SHA256:a", Source = "upload" };

        await store.Change(Actor.System, Entry("plugin.installed"), now => now ?? row, transaction => store.Add(transaction, Actor.System, Version("1.0.0"), pin, default), default);
        await store.Change(Actor.System, Entry("plugin.activated"), now => now! with { ActiveVersion = "1.0.0", PendingVersion = null, Enabled = false, Blocked = "why" }, null, default);
        await store.Change(Actor.System, Entry("plugin.installed"), now => now! with { PendingVersion = "2.0.0" }, transaction => store.Add(transaction, Actor.System, Version("2.0.0"), pin with { PublicKey = "b", Fingerprint = "SHA256:b" }, default), default);

        var read = Assert.Single(await store.List(default));
        Assert.Equal((false, "1.0.0", null, "2.0.0", "why"), (read.Enabled, read.ActiveVersion, read.PreviousVersion, read.PendingVersion, read.Blocked));
        Assert.Equal(["1.0.0", "2.0.0"], (await store.Versions("acme.hello", default)).Select(version => version.Version).Order());
        Assert.Equal("SHA256:b", Assert.Single(await store.Pins(default)).Fingerprint);
        await store.Change(Actor.System, Entry("plugin.activated"), now => now! with { ActiveVersion = "2.0.0", PendingVersion = null }, null, default);
        Assert.Equal("2.0.0", Assert.Single(await store.Versions(null, default)).Version);

        await store.Remove(Actor.System, read, default);
        Assert.Empty(await store.List(default));
        Assert.Empty(await store.Versions(null, default));
        Assert.Single(await store.Pins(default));
        var audited = (await database.Audit.Page(OrganizationId.Default, null, 50, default)).Items.Select(entry => entry.Action).Reverse();
        Assert.Equal(["plugin.publisher-pinned", "plugin.installed", "plugin.activated", "plugin.publisher-pinned", "plugin.installed", "plugin.activated", "plugin.removed"], audited);
    }

    [SkippableFact]
    public async Task A_change_that_fails_leaves_neither_row_nor_audit()
    {
        await using var database = await Start();
        var store = new InstalledPlugins(database.Database, database.Audit, TimeProvider.System);
        var row = new InstalledPlugin { Id = "acme.hello", Name = "Hello", Publisher = "acme", Source = "upload", Enabled = true };

        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Change(Actor.System, Entry("plugin.installed"), _ => row, _ => throw new InvalidOperationException("no"), default));

        Assert.Empty(await store.List(default));
        Assert.Empty((await database.Audit.Page(OrganizationId.Default, null, 50, default)).Items);
    }

    [SkippableFact]
    public async Task What_is_approved_covers_narrower_scopes_and_nothing_wider()
    {
        await using var database = await Start();
        var registries = new RegistryStore(database.Database, database.Audit, TimeProvider.System);
        var grants = new Grants(database.Database, database.Audit, new KnownRegistries(registries, Options.Create(new PluginOptions { RegistryFile = "/nowhere" })), TimeProvider.System);
        var manifest = ManifestReader.Read(PluginFolders.Hello);
        PluginManifest Asking(params Capability[] capabilities) => manifest with { Capabilities = capabilities };
        Capability exec = new("exec", "x", ["psql", "pg_dump"], false), secrets = new("secrets", "x", [], false), more = new("notify", "x", [], true);

        Assert.Equal([exec, secrets], await grants.Missing(Asking(exec, secrets, more), default));
        await grants.Approve(Actor.System, manifest, [exec, secrets], default);

        Assert.Equal(["exec pg_dump", "exec psql", "secrets"], (await grants.Of(manifest.Id, default)).Order(StringComparer.Ordinal));
        Assert.Empty(await grants.Missing(Asking(exec, secrets, more), default));
        Assert.Equal([more], await grants.Unapproved(Asking(exec, secrets, more), default));
        Assert.Empty(await grants.Missing(Asking(exec with { Scope = ["psql"] }, secrets with { Scope = ["one"] }), default));
        Assert.Single(await grants.Missing(Asking(exec with { Scope = ["psql", "bash"] }), default));
        Assert.Single(await grants.Missing(Asking(exec with { Scope = [] }), default));
        await database.Database.Write(transaction => Grants.Prune(transaction, manifest.Id, [Asking(exec with { Scope = ["psql"] })], default), default);
        Assert.Equal(["exec psql"], await grants.Of(manifest.Id, default));
    }

    [SkippableFact]
    public async Task A_registry_is_kept_with_its_key_and_its_serial_never_falls()
    {
        await using var database = await Start();
        var store = new RegistryStore(database.Database, database.Audit, TimeProvider.System);
        var registry = new PluginRegistry("Acme", 5, [], []);
        var id = await store.Add(Actor.System, "https://acme.example.org/r.json", registry, "a2V5", "SHA256:x", "five"u8.ToArray(), default);
        await Assert.ThrowsAsync<Sdk.UserFacingException>(() => store.Add(Actor.System, "https://acme.example.org/r.json", registry, "a2V5", "SHA256:x", "five"u8.ToArray(), default));

        await store.Put(id, registry with { Serial = 4 }, "four"u8.ToArray(), default);
        Assert.Equal((5, "five"), ((await store.Find(id, default))!.Serial, (await store.Find(id, default))!.Content));
        await store.Put(id, registry with { Serial = 6 }, "six"u8.ToArray(), default);
        await store.Failed((await store.Find(id, default))!, "no", "bmV3", default);
        var offered = (await store.Find(id, default))!;
        Assert.Equal((6, "six", "no", "bmV3", "a2V5"), (offered.Serial, offered.Content, offered.Error, offered.OfferedKey, offered.PublicKey));
        await store.Trust(Actor.System, offered, default);
        Assert.Equal(("bmV3", null), ((await store.Find(id, default))!.PublicKey, (await store.Find(id, default))!.OfferedKey));
        await store.Remove(Actor.System, offered, default);
        Assert.Empty(await store.List(default));
    }

    private static AuditEntry Entry(string action) => new(action, "plugin", "acme.hello", "Hello");

    private static InstalledVersion Version(string version) => new() { PluginId = "acme.hello", Version = version, Sha256 = "x", ChecksumsSha256 = "y", Source = "upload" };
}

public sealed class SqliteInstalledPluginsTests : InstalledPluginsTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Sqlite();
}

public sealed class PostgresInstalledPluginsTests : InstalledPluginsTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Postgres();
}
