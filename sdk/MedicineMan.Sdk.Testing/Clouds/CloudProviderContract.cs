using System.Text.Json;
using MedicineMan.Sdk.Clouds;
using Xunit;

namespace MedicineMan.Sdk.Testing.Clouds;

/// <summary>What every cloud provider must do. Derive, give it a stand-in of its cloud with an empty account, and it runs.</summary>
public abstract class CloudProviderContract
{
    /// <summary>The provider under test.</summary>
    protected abstract ICloudProvider Provider { get; }

    /// <summary>Settings of an empty account at a stand-in of the cloud; each test gets its own.</summary>
    protected abstract Task<JsonElement> SettingsAsync();

    /// <summary>Settings that the cloud refuses, such as a wrong token.</summary>
    protected abstract Task<JsonElement> RefusedSettingsAsync();

    /// <summary>The secret in the refused settings, which no message may hold; null when there is none.</summary>
    protected virtual string? Secret => null;

    /// <summary>What can be rented fits together.</summary>
    [SkippableFact]
    public async Task Options_fit_together()
    {
        await using var account = await OpenAsync();
        var options = await account.OptionsAsync(default);
        Assert.NotEmpty(options.Regions);
        Assert.NotEmpty(options.Sizes);
        Assert.NotEmpty(options.Images);
        Assert.Equal(options.Regions.Count, options.Regions.Select(one => one.Id).Distinct().Count());
        Assert.Equal(options.Sizes.Count, options.Sizes.Select(one => one.Id).Distinct().Count());
        Assert.Equal(options.Images.Count, options.Images.Select(one => one.Id).Distinct().Count());
        Assert.Empty(options.Regions.SelectMany(region => region.SizeIds ?? []).Except(options.Sizes.Select(size => size.Id)));
        Assert.All(options.Sizes, size => Assert.True(size is { Cores: > 0, MemoryBytes: > 1 << 20, DiskBytes: > 1 << 20 } && size.PricePerHour is null or >= 0, size.ToString()));
    }

    /// <summary>An account has a name and a currency.</summary>
    [SkippableFact]
    public async Task The_balance_names_account_and_currency()
    {
        await using var account = await OpenAsync();
        var balance = await account.BalanceAsync(default);
        Assert.NotEmpty(balance.Account);
        Assert.Matches("^[A-Z]{3}$", balance.Currency);
    }

    /// <summary>What was ordered is found again by its name, which is how a lost answer is made good.</summary>
    [SkippableFact]
    public async Task What_is_ordered_is_listed_under_its_name()
    {
        await using var account = await OpenAsync();
        Assert.Empty(await ListAsync(account));
        var order = await OrderAsync(account, "contract-one");
        var created = await account.CreateAsync(order, default);
        var listed = Assert.Single(await ListAsync(account));
        Assert.Equal((created.Id, "contract-one"), (listed.Id, listed.Name));
        Assert.Contains(created.State, new[] { InstanceState.Pending, InstanceState.Running });
        Assert.True(listed.RegionId is null || listed.RegionId == order.RegionId);
        Assert.True(listed.SizeId is null || listed.SizeId == order.SizeId);
    }

    /// <summary>Restarted, resized and rebuilt, an instance stays the same one; deleted, it is gone.</summary>
    [SkippableFact]
    public async Task An_instance_can_be_acted_on_until_it_is_deleted()
    {
        await using var account = await OpenAsync();
        var options = await account.OptionsAsync(default);
        var created = await account.CreateAsync(await OrderAsync(account, "contract-two"), default);
        await account.ActAsync(created.Id, new CloudAction.Restart(), default);
        await account.ActAsync(created.Id, new CloudAction.Rebuild(options.Images[^1].Id), default);
        await account.ActAsync(created.Id, new CloudAction.Resize(options.Sizes[^1].Id), default);
        Assert.Equal(created.Id, Assert.Single(await ListAsync(account)).Id);
        await account.ActAsync(created.Id, new CloudAction.Delete(), default);
        Assert.Empty(await ListAsync(account));
    }

    /// <summary>What the cloud refuses is a sentence, and nothing is rented.</summary>
    [SkippableFact]
    public async Task What_the_cloud_refuses_is_a_sentence()
    {
        await using var account = await OpenAsync();
        var order = await OrderAsync(account, "contract-three");
        Assert.NotEmpty((await Assert.ThrowsAnyAsync<UserFacingException>(() => account.CreateAsync(order with { ImageId = "no-such-image" }, default))).Message);
        Assert.NotEmpty((await Assert.ThrowsAnyAsync<UserFacingException>(() => account.ActAsync("no-such-instance", new CloudAction.Restart(), default))).Message);
        Assert.Empty(await ListAsync(account));
    }

    /// <summary>Refused settings are a sentence without the secret, at the first call or before.</summary>
    [SkippableFact]
    public async Task Refused_settings_are_a_sentence_without_the_secret()
    {
        var settings = await RefusedSettingsAsync();
        var failure = await Assert.ThrowsAnyAsync<UserFacingException>(async () =>
        {
            await using var account = await Provider.OpenAsync(settings, default);
            await account.BalanceAsync(default);
        });
        if (Secret is { } secret)
        {
            Assert.DoesNotContain(secret, failure.ToString(), StringComparison.Ordinal);
        }
    }

    /// <summary>Settings that are none are refused at once.</summary>
    [SkippableTheory]
    [InlineData("{}")]
    [InlineData("[]")]
    public async Task Settings_that_are_none_are_refused(string settings) =>
        await Assert.ThrowsAnyAsync<UserFacingException>(async () => await Provider.OpenAsync(JsonElement.Parse(settings), default));

    /// <summary>A cancelled order is not sent.</summary>
    [SkippableFact]
    public async Task A_cancelled_order_rents_nothing()
    {
        await using var account = await OpenAsync();
        var order = await OrderAsync(account, "contract-four");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => account.CreateAsync(order, new CancellationToken(canceled: true)));
        Assert.Empty(await ListAsync(account));
    }

    private async Task<ICloudAccount> OpenAsync() => await Provider.OpenAsync(await SettingsAsync(), default);

    private static async Task<NewInstance> OrderAsync(ICloudAccount account, string name)
    {
        var options = await account.OptionsAsync(default);
        var region = options.Regions[0];
        return new NewInstance(name, region.Id, region.SizeIds is [var first, ..] ? first : options.Sizes[0].Id, options.Images[0].Id, ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleExam test"]);
    }

    private static async Task<List<CloudInstance>> ListAsync(ICloudAccount account)
    {
        var found = new List<CloudInstance>();
        await foreach (var one in account.ListAsync(default))
        {
            found.Add(one);
        }

        return found;
    }
}
