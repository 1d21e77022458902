using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Tests.Data;

namespace MedicineMan.Host.Tests.Audit;

public abstract class AuditLogTests
{
    private static readonly OrganizationId Here = OrganizationId.Default;

    private protected abstract Task<TestDatabase> Start();

    [SkippableFact]
    public async Task The_chain_holds_whoever_writes_at_once()
    {
        await using var test = await Start();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Write(test, Here, $"thing {i}")));
        await Write(test, new OrganizationId("other"), "theirs");
        var page = await test.Audit.Page(Here, null, 15, default);
        var rest = await test.Audit.Page(Here, page.Next, 15, default);
        Assert.Equal(20, page.Items.Concat(rest.Items).Select(row => row.SubjectName).Distinct().Count());
        Assert.Null(rest.Next);
        Assert.Null(await test.Audit.FirstBroken(Here, default));
    }

    [SkippableTheory]
    [InlineData("update audit_entries set subject_name = 'nothing' where seq = 2", 2)]
    [InlineData("delete from audit_entries where seq = 2", 2)]
    [InlineData("delete from audit_entries where seq = 3", 3)]
    public async Task A_tampered_chain_points_at_the_first_broken_entry(string tampering, long expected)
    {
        await using var test = await Start();
        for (var i = 1; i <= 3; i++)
        {
            await Write(test, Here, $"thing {i}");
        }

        await test.Database.Write(t => t.Connection!.ExecuteAsync(tampering, transaction: t), default);
        Assert.Equal(expected, await test.Audit.FirstBroken(Here, default));
    }

    [SkippableFact]
    public async Task An_entry_goes_with_its_change()
    {
        await using var test = await Start();
        await Assert.ThrowsAsync<InvalidOperationException>(() => test.Database.Write(
            async t =>
            {
                await test.Audit.Record(t, Here, Actor.System, new AuditEntry("server.added", "server", "1", "web"), default);
                throw new InvalidOperationException("the change failed");
            },
            default));
        Assert.Empty((await test.Audit.Page(Here, null, 10, default)).Items);
    }

    private static Task Write(TestDatabase test, OrganizationId organization, string name) =>
        test.Database.Write(
            t => test.Audit.Record(t, organization, Actor.System, new AuditEntry("thing.changed", "thing", "1", name), default), default);
}

public sealed class SqliteAuditLogTests : AuditLogTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Sqlite();
}

public sealed class PostgresAuditLogTests : AuditLogTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Postgres();
}
