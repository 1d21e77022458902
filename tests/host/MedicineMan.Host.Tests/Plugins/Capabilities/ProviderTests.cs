using System.Text.Json;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Clouds;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Directories;
using MedicineMan.Sdk.Health;

namespace MedicineMan.Host.Tests.Plugins.Capabilities;

/// Providers work with what they were granted, also on what the host hands them, and answer within their time.
public sealed class ProviderTests
{
    private static readonly JsonElement Empty = JsonElement.Parse("{}");

    [Fact]
    public async Task A_health_check_runs_the_programs_it_named_and_no_other_and_ends_in_time()
    {
        await using var curious = await CuriousHost.Start();
        var pulse = curious.Host.Get<Providers>().Get<IHealthCheck>("pulse");
        var machine = await Machine(curious);

        var report = await pulse.CheckAsync(machine, JsonElement.Parse("""{ "program": "echo", "argument": "beats" }"""), CancellationToken.None);
        Assert.Equal((HealthState.Good, "beats"), (report.State, report.Sentence));
        var refused = await Assert.ThrowsAsync<CapabilityDeniedException>(() => pulse.CheckAsync(machine, JsonElement.Parse("""{ "program": "uname", "argument": "-a" }"""), CancellationToken.None));
        Assert.Equal("exec", refused.Capability);

        var started = TimeProvider.System.GetTimestamp();
        var late = await Assert.ThrowsAsync<UserFacingException>(() => pulse.CheckAsync(machine, JsonElement.Parse("""{ "program": "sleep", "argument": "60" }"""), CancellationToken.None));
        Assert.Contains("did not answer within 10 seconds", late.Message, StringComparison.Ordinal);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 9, 40);
        Assert.Contains(curious.Status.LatestFaults, fault => fault.Where == "provider pulse" && fault.Message.StartsWith("TimeoutException", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_backup_provider_keeps_to_its_programs_and_to_the_user_that_the_operator_chose()
    {
        await using var curious = await CuriousHost.Start();
        var notes = curious.Host.Get<Providers>().Get<IBackupProvider>("notes");
        var source = new BackupSource(await Machine(curious)) { Host = "echo" };

        Assert.Equal("found", Assert.Single(await notes.DiscoverAsync(source, CancellationToken.None)).Name);
        Assert.Equal("found", Assert.Single(await notes.DiscoverAsync(source with { RunAs = Environment.UserName }, CancellationToken.None)).Name);
        Assert.Equal("exec", (await Assert.ThrowsAsync<CapabilityDeniedException>(() => notes.DiscoverAsync(source with { Host = "touch" }, CancellationToken.None))).Capability);
        Assert.Equal("exec:sudo", (await Assert.ThrowsAsync<CapabilityDeniedException>(() => notes.DiscoverAsync(source with { UserName = "other" }, CancellationToken.None))).Capability);
    }

    [Fact]
    public async Task A_cloud_account_is_looked_at_and_changed_by_two_capabilities()
    {
        await using var curious = await CuriousHost.Start(change: CuriousHost.Without("cloud:write"));
        var account = await curious.Host.Get<Providers>().Get<ICloudProvider>("cumulus").OpenAsync(Empty, CancellationToken.None);

        Assert.Equal("me", (await account.BalanceAsync(CancellationToken.None)).Account);
        await foreach (var instance in account.ListAsync(CancellationToken.None))
        {
            Assert.Equal("one", instance.Name);
        }

        var refused = await Assert.ThrowsAsync<CapabilityDeniedException>(() => account.ActAsync("1", new CloudAction.Delete(), CancellationToken.None));
        Assert.Equal("cloud:write", refused.Capability);
        await Assert.ThrowsAsync<CapabilityDeniedException>(() => account.CreateAsync(new NewInstance("n", "r", "s", "i", []), CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => account.OptionsAsync(CancellationToken.None));
        Assert.Equal("cloud:write", Assert.Single(await curious.Refusals()).Split(':', 3) is [var one, var two, _] ? $"{one}:{two}" : "");

        await curious.Load();
        await Assert.ThrowsAsync<UserFacingException>(() => account.BalanceAsync(CancellationToken.None));
        await account.DisposeAsync();
        await using var again = await curious.Host.Get<Providers>().Get<ICloudProvider>("cumulus").OpenAsync(Empty, CancellationToken.None);
        Assert.Equal("n", (await again.CreateAsync(new NewInstance("n", "r", "s", "i", []), CancellationToken.None)).Name);
    }

    [Fact]
    public async Task A_directory_never_sees_an_empty_password_and_its_groups_are_a_hundred_at_most()
    {
        await using var curious = await CuriousHost.Start();
        var book = curious.Host.Get<Providers>().Get<IDirectory>("book");

        Assert.Null(await book.SignInAsync(Empty, "ada", "", CancellationToken.None));
        Assert.Equal("ada", (await book.SignInAsync(Empty, "ada", "secret", CancellationToken.None))!.UserName);
        Assert.Equal(100, (await book.FindGroupsAsync(Empty, "a", CancellationToken.None)).Count);
    }

    private static Task<ICommandRunner> Machine(CuriousHost curious) =>
        curious.Host.Get<ServerRunners>().For(OrganizationId.Default, curious.Machine, Actor.System, "a test", CancellationToken.None);
}
