using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.People;
using MedicineMan.Host.Tests.Data;
using Microsoft.Extensions.Caching.Memory;

namespace MedicineMan.Host.Tests.People;

/// People, their sessions and their tokens as they lie in the database.
public abstract class PersonStoreTests
{
    private static readonly OrganizationId Here = OrganizationId.Default;

    private protected abstract Task<TestDatabase> Start();

    [SkippableFact]
    public async Task A_person_comes_back_as_stored_and_each_change_is_audited()
    {
        await using var test = await Start();
        var people = People(test);
        Assert.False(await people.AnyOwner(default));
        var ada = Person("ada@example.org");
        await people.Add(ada, Role.Owner, default);
        Assert.True(await people.AnyOwner(default));

        (ada.Name, ada.PasswordHash) = ("Ada L.", "another hash");
        await people.Update(ada, default);
        (ada.FailedSignIns, ada.LockedUntil) = (5, DateTimeOffset.FromUnixTimeMilliseconds(9_000_000_000_000));
        await people.Update(ada, default);

        var found = (await people.ByEmail("ADA@EXAMPLE.ORG", default))!;
        Assert.Equal((ada.Id, "Ada L.", "another hash", 5, ada.LockedUntil), (found.Id, found.Name, found.PasswordHash, found.FailedSignIns, found.LockedUntil));
        Assert.Equal(found.Email, (await people.ById(ada.Id, default))!.Email);
        Assert.Null(await people.ById("nobody", default));
        Assert.Equal(["person.locked-out", "person.password-changed", "person.added"], (await test.Audit.Page(Here, null, 10, default)).Items.Select(entry => entry.Action));
    }

    [SkippableFact]
    public async Task An_address_that_somebody_signs_in_with_is_refused_and_leaves_no_trace()
    {
        await using var test = await Start();
        var people = People(test);
        await people.Add(Person("ada@example.org"), Role.Owner, default);
        var bob = Person("bob@example.org");
        await people.Add(bob, Role.Viewer, default);

        var second = await Assert.ThrowsAsync<TakenException>(() => people.Add(Person("ada@example.org"), Role.Owner, default));
        (bob.Email, bob.NormalizedEmail) = ("ada@example.org", "ADA@EXAMPLE.ORG");
        await Assert.ThrowsAsync<TakenException>(() => people.Update(bob, default));

        Assert.Contains("ada@example.org already", second.Message, StringComparison.Ordinal);
        Assert.Equal("bob@example.org", (await people.ById(bob.Id, default))!.Email);
        Assert.Equal(2, (await test.Audit.Page(Here, null, 10, default)).Items.Count);
    }

    [SkippableFact]
    public async Task A_session_lasts_until_it_is_ended_expires_or_its_person_gets_another_password()
    {
        await using var test = await Start();
        var (people, ada) = (People(test), Person("ada@example.org"));
        await people.Add(ada, Role.Owner, default);
        using var cache = new MemoryCache(new MemoryCacheOptions());
        var sessions = new SessionStore(test.Database, test.Audit, cache, TimeProvider.System);
        var (here, there) = (await sessions.Start(ada, "192.0.2.1", new string('x', 300), default), await sessions.Start(ada, null, null, default));

        var visitor = (await sessions.Visitor(here, default))!;
        Assert.Equal((ada.Id, Role.Owner, here), (visitor.PersonId, visitor.Role, visitor.SessionId));
        Assert.Equal(new[] { here, there }.Order(), (await sessions.List(visitor, default)).Select(session => session.Id).Order());
        await sessions.EndOthers(visitor, default);
        Assert.Null(await sessions.Visitor(there, default));
        Assert.Equal(200, Assert.Single(await sessions.List(visitor, default)).Agent!.Length);

        ada.PasswordHash = "another hash";
        await people.Update(ada, default);
        sessions.ForgetAll(ada.Id);
        Assert.Null(await sessions.Visitor(here, default));

        var last = await sessions.Start(ada, null, null, default);
        using var fresh = new MemoryCache(new MemoryCacheOptions());
        Assert.NotNull(await new SessionStore(test.Database, test.Audit, fresh, TimeProvider.System).Visitor(last, default));
        Assert.Null(await new SessionStore(test.Database, test.Audit, cache, new Later(SessionStore.Lifetime)).Visitor(last, default));
    }

    [SkippableFact]
    public async Task A_token_acts_for_its_person_until_it_expires_or_is_revoked()
    {
        await using var test = await Start();
        var ada = Person("ada@example.org");
        await People(test).Add(ada, Role.Operator, default);
        var visitor = new Visitor { Organization = Here, OrganizationName = "x", PersonId = ada.Id, Name = ada.Name, Email = ada.Email, Role = Role.Operator };
        var tokens = new ApiTokenStore(test.Database, test.Audit, TimeProvider.System);
        var token = await tokens.Create(visitor, "ci", TimeProvider.System.GetUtcNow().AddDays(1), default);

        Assert.Equal((ada.Id, Role.Operator), await tokens.Visitor(token, default) is { } who ? (who.PersonId, who.Role) : default);
        Assert.Null(await tokens.Visitor(token + "x", default));
        Assert.Null(await new ApiTokenStore(test.Database, test.Audit, new Later(TimeSpan.FromDays(2))).Visitor(token, default));
        var row = Assert.Single(await tokens.List(visitor, default));
        Assert.NotNull(row.UsedAt);
        await tokens.Revoke(visitor with { PersonId = "somebody else" }, row.Id, default);
        Assert.NotNull(await tokens.Visitor(token, default));
        await tokens.Revoke(visitor, row.Id, default);
        Assert.Null(await tokens.Visitor(token, default));
        Assert.Equal(["token.revoked", "token.created"], (await test.Audit.Page(Here, null, 2, default)).Items.Select(entry => entry.Action));
    }

    private static PersonStore People(TestDatabase test) => new(test.Database, test.Audit, TimeProvider.System);

    private static Person Person(string email) => new()
    {
        Email = email, NormalizedEmail = email.ToUpperInvariant(), Name = "Ada", PasswordHash = "hash", SecurityStamp = "stamp", ChangedBy = new Actor("person", "1", "Ann", null),
    };

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}

public sealed class SqlitePersonStoreTests : PersonStoreTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Sqlite();
}

public sealed class PostgresPersonStoreTests : PersonStoreTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Postgres();
}
