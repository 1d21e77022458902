using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Secrets;
using MedicineMan.Host.Tests.Data;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Tests.Secrets;

public abstract class SecretVaultTests
{
    private static readonly OrganizationId Here = OrganizationId.Default;
    private static readonly Actor Ann = new("person", "1", "Ann", "192.0.2.1");
    private readonly MasterKey key = MasterKey.Generate();

    private protected abstract Task<TestDatabase> Start();

    [SkippableFact]
    public async Task A_secret_comes_back_and_each_access_is_audited()
    {
        await using var test = await Start();
        var vault = Vault(test, key);
        var secret = await Put(test, vault, Here, "pässword");

        Assert.Equal("pässword", await vault.Open(Here, secret, Ann, "scan of web-1", default));

        var entries = (await test.Audit.Page(Here, null, 10, default)).Items;
        Assert.Equal(["secret.opened", "secret.stored", "organization-key.made"], entries.Select(entry => entry.Action));
        Assert.Contains("scan of web-1", entries[0].Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("pässword", string.Concat(entries.Select(entry => entry.Detail + entry.SubjectName)), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Another_organisation_cannot_open_it_and_a_deleted_one_is_gone()
    {
        await using var test = await Start();
        var vault = Vault(test, key);
        var secret = await Put(test, vault, Here, "x");

        await Assert.ThrowsAsync<UserFacingException>(() => vault.Open(new OrganizationId("other"), secret, Ann, "", default));
        await test.Database.Write(t => vault.Delete(t, Here, secret, Ann, default), default);
        await Assert.ThrowsAsync<UserFacingException>(() => vault.Open(Here, secret, Ann, "", default));
    }

    [SkippableTheory]
    [InlineData("update secrets set sealed = (select sealed from secrets where id = @b), wrapped_key = (select wrapped_key from secrets where id = @b) where id = @a")]
    [InlineData("update secrets set sealed = (select sealed from secrets where id = @b) where id = @a")]
    [InlineData("update secrets set kind = 'other' where id = @a")]
    [InlineData("update organization_keys set wrapped = (select sealed from secrets where id = @b)")]
    public async Task A_row_that_was_swapped_or_changed_does_not_open(string tampering)
    {
        await using var test = await Start();
        var vault = Vault(test, key);
        var (a, b) = (await Put(test, vault, Here, "a"), await Put(test, vault, Here, "b"));

        await test.Database.Write(t => t.Connection!.ExecuteAsync(tampering, new { a = a.Id, b = b.Id }, t), default);

        var refused = await Assert.ThrowsAsync<UserFacingException>(() => vault.Open(Here, a, Ann, "", default));
        Assert.Contains("changed outside", refused.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_master_key_that_does_not_fit_is_refused_by_the_missing_ones_name_and_a_ring_opens_both()
    {
        await using var test = await Start();
        var secret = await Put(test, Vault(test, key), Here, "kept");
        var other = MasterKey.Generate();

        var refused = await Assert.ThrowsAsync<UserFacingException>(() => Vault(test, other).CheckKeys(default));
        Assert.Contains(key.Id, refused.Message, StringComparison.Ordinal);

        var both = Vault(test, other, key);
        await both.CheckKeys(default);
        Assert.Equal("kept", await both.Open(Here, secret, Ann, "", default));
    }

    [SkippableFact]
    public async Task Nothing_in_the_database_holds_the_value()
    {
        await using var test = await Start();
        await Put(test, Vault(test, key), Here, "canary-99");
        await using var connection = await test.Database.OpenRead(default);

        var stored = await connection.QueryAsync<byte[]>("select sealed from secrets union all select wrapped_key from secrets union all select wrapped from organization_keys");

        Assert.All(stored, bytes => Assert.DoesNotContain("canary", System.Text.Encoding.Latin1.GetString(bytes), StringComparison.Ordinal));
        Assert.True(await SecretVault.HoldsData(test.Database, default));
    }

    private static SecretVault Vault(TestDatabase test, params MasterKey[] keys) => new(test.Database, new KeyRing(keys), test.Audit, TimeProvider.System);

    private static Task<SecretRef> Put(TestDatabase test, SecretVault vault, OrganizationId organization, string value) =>
        test.Database.Write(t => vault.Put(t, organization, "ssh-password", "Password of web-1", value, Ann, default), default);
}

public sealed class SqliteSecretVaultTests : SecretVaultTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Sqlite();
}

public sealed class PostgresSecretVaultTests : SecretVaultTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Postgres();
}
