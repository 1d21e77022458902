using MedicineMan.Host.Access;
using MedicineMan.Host.Tests.Api;

namespace MedicineMan.Host.Tests.Plugins.Settings;

/// The settings of plugins and of storages, for programs.
public sealed class SettingsApiTests
{
    private const string Path = "plugins/tests.adjustable/settings";

    [Fact]
    public async Task Settings_are_read_and_set_and_a_secret_is_only_said_to_be_set()
    {
        await using var adjustable = await Adjustable.Start();
        using var admin = await ApiCaller.As(adjustable.Host, Role.Admin);
        var before = await admin.Get(Path);
        Assert.Equal((2, 25, false), (before.Json.GetProperty("version").GetInt32(), before.Json.GetProperty("settings").GetProperty("port").GetInt32(), before.Json.GetProperty("settings").TryGetProperty("password", out _)));

        var saved = await admin.Send(HttpMethod.Put, Path, new { settings = new { name = "Ada", port = 465, password = "sesame", tags = new[] { "a" } } });

        Assert.Equal(200, saved.Status);
        Assert.True(saved.Json.GetProperty("settings").GetProperty("password").GetProperty("set").GetBoolean());
        Assert.DoesNotContain("sesame", saved.Content, StringComparison.Ordinal);
        var handle = (string)(await adjustable.Current())["password"]!;
        Assert.DoesNotContain(handle, (await admin.Get(Path)).Content, StringComparison.Ordinal);
        Assert.Equal("sesame", await adjustable.Opened(handle));

        // What was read can be sent back: the secret stays.
        var again = await admin.Send(HttpMethod.Put, Path, $$"""{"settings": {{(await admin.Get(Path)).Json.GetProperty("settings").GetRawText()}} }""");
        Assert.Equal((200, handle), (again.Status, (string?)(await adjustable.Current())["password"]));
    }

    [Fact]
    public async Task What_is_wrong_is_said_for_every_field_and_a_failed_test_can_be_overruled()
    {
        await using var adjustable = await Adjustable.Start();
        using var admin = await ApiCaller.As(adjustable.Host, Role.Admin);

        var wrong = await admin.Send(HttpMethod.Put, Path, new { settings = new { name = "A", port = "25", colour = "red", password = "abc" } });
        Assert.Equal((400, "invalid"), (wrong.Status, wrong.Code));
        Assert.Equal(["settings.colour", "settings.name", "settings.password", "settings.port"], wrong.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("abc", wrong.Content, StringComparison.Ordinal);

        var refused = await admin.Send(HttpMethod.Put, Path, new { settings = new { name = "refused", password = "sesame" } });
        Assert.Equal((422, "test-failed"), (refused.Status, refused.Code));
        Assert.Equal("", (string?)(await adjustable.Current())["name"]);
        Assert.Equal(200, (await admin.Send(HttpMethod.Put, Path, new { settings = new { name = "refused", password = "sesame" }, anyway = true })).Status);
        Assert.Equal("refused", (string?)(await adjustable.Current())["name"]);
        Assert.Single(await adjustable.Secrets());
    }

    [Fact]
    public async Task An_operator_gets_no_settings_and_an_unknown_plugin_has_none()
    {
        await using var adjustable = await Adjustable.Start();
        using var clerk = await ApiCaller.As(adjustable.Host, Role.Operator);
        using var admin = await ApiCaller.As(adjustable.Host, Role.Admin);
        Assert.Equal(403, (await clerk.Get(Path)).Status);
        Assert.Equal(403, (await clerk.Send(HttpMethod.Put, Path, new { settings = new { } })).Status);
        Assert.Equal(404, (await admin.Get("plugins/tests.other/settings")).Status);
    }
}
