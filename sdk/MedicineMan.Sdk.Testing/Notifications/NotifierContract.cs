using System.Text.Json;
using MedicineMan.Sdk.Notifications;
using Xunit;

namespace MedicineMan.Sdk.Testing.Notifications;

/// <summary>What every notifier must do. Derive, give it a stand-in of its channel, and it runs.</summary>
public abstract class NotifierContract
{
    /// <summary>The notifier under test.</summary>
    protected abstract INotifier Notifier { get; }

    /// <summary>Settings that lead to the stand-in, which takes everything.</summary>
    protected abstract Task<JsonElement> SettingsAsync();

    /// <summary>Settings that lead to where nobody answers, or where every notification is refused.</summary>
    protected abstract Task<JsonElement> BrokenSettingsAsync();

    /// <summary>What has arrived at the stand-in, one readable text for each notification, decoded from whatever the channel makes of it.</summary>
    protected abstract Task<IReadOnlyList<string>> ReceivedAsync();

    /// <summary>A secret that the broken settings refer to and no message may hold; null when there is none.</summary>
    protected virtual string? Secret => null;

    /// <summary>Title and text arrive.</summary>
    [SkippableFact]
    public async Task What_is_sent_arrives_with_title_and_text()
    {
        await Notifier.SendAsync(await SettingsAsync(), Some("1", "Backup of shop failed", "The disk is full.\nFree some space."), default);
        var received = Assert.Single(await ReceivedAsync());
        Assert.Contains("Backup of shop failed", received, StringComparison.Ordinal);
        Assert.Contains("The disk is full.", received, StringComparison.Ordinal);
        Assert.Contains("Free some space.", received, StringComparison.Ordinal);
    }

    /// <summary>A notification may be its title alone, and its severity one that is not known yet.</summary>
    [SkippableFact]
    public async Task Every_severity_is_sent_also_one_of_a_later_version()
    {
        var settings = await SettingsAsync();
        Severity[] all = [Severity.Info, Severity.Warning, Severity.Error, Severity.Critical, (Severity)99];
        foreach (var severity in all)
        {
            await Notifier.SendAsync(settings, Some($"s{severity}", $"Severity {severity}", "") with { Severity = severity }, default);
        }

        Assert.Equal(all.Length, (await ReceivedAsync()).Count);
    }

    /// <summary>Text that the channel takes for markup or for the end of something arrives as text.</summary>
    [SkippableTheory]
    [InlineData("quotes \" and ' and \\")]
    [InlineData("<script>alert(1)</script> & more")]
    [InlineData("*bold* _it_ `code` [link](https://example.org)")]
    [InlineData("Füße 数据 🐘")]
    [InlineData("{\"a\": \"b\"}")]
    public async Task Text_of_any_kind_arrives_unbroken(string title)
    {
        await Notifier.SendAsync(await SettingsAsync(), Some("odd", title, title), default);
        Assert.Contains(title, Assert.Single(await ReceivedAsync()), StringComparison.Ordinal);
    }

    /// <summary>A notifier is used from many threads at once.</summary>
    [SkippableFact]
    public async Task Many_are_sent_side_by_side()
    {
        var settings = await SettingsAsync();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(at => Notifier.SendAsync(settings, Some($"many-{at}", $"Number {at}.", ""), default)));
        var received = await ReceivedAsync();
        Assert.All(Enumerable.Range(0, 16), at => Assert.Single(received, text => text.Contains($"Number {at}.", StringComparison.Ordinal)));
    }

    /// <summary>A channel that does not take it is a sentence without secrets, soon.</summary>
    [SkippableFact]
    public async Task A_channel_that_does_not_answer_is_a_sentence()
    {
        var settings = await BrokenSettingsAsync();
        var failure = await Assert.ThrowsAnyAsync<UserFacingException>(() => Notifier.SendAsync(settings, Some("broken", "Nobody hears this", ""), default).WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.NotEmpty(failure.Message);
        if (Secret is { } secret)
        {
            Assert.DoesNotContain(secret, failure.ToString(), StringComparison.Ordinal);
        }
    }

    /// <summary>Settings that are not there or of another form fail for good: the same again cannot succeed.</summary>
    [SkippableTheory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task Settings_that_are_none_fail_for_good(string settings) =>
        Assert.True((await Assert.ThrowsAnyAsync<UserFacingException>(() => Notifier.SendAsync(JsonElement.Parse(settings), Some("none", "Whereto?", ""), default))).Permanent);

    /// <summary>Cancelled before it began, nothing is sent.</summary>
    [SkippableFact]
    public async Task A_cancelled_notification_is_not_sent()
    {
        var settings = await SettingsAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Notifier.SendAsync(settings, Some("cancelled", "Never said", ""), new CancellationToken(canceled: true)));
        Assert.Empty(await ReceivedAsync());
    }

    private static Notification Some(string id, string title, string text) =>
        new() { Id = id, Severity = Severity.Error, Title = title, Text = text, At = DateTimeOffset.UnixEpoch, Link = new Uri("https://medicineman.example.org/runs/1") };
}
