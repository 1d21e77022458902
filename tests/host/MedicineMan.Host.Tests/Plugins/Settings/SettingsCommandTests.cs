using MedicineMan.Host.Access;
using MedicineMan.Host.Tests.Api;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Settings;

public sealed class SettingsCommandTests
{
    [Fact]
    public async Task Settings_are_shown_and_changed_from_the_command_line_and_a_secret_comes_by_standard_input()
    {
        await using var adjustable = await Adjustable.Start();
        using var admin = await ApiCaller.As(adjustable.Host, Role.Admin);
        var environment = new Dictionary<string, string>
        {
            ["MEDICINEMAN_URL"] = adjustable.Host.Url.ToString(), ["MEDICINEMAN_TOKEN"] = await adjustable.Host.Get<ApiTokenStore>().Create(admin.Visitor, "cli", null, default),
        };

        var set = Run(environment, """{"name": "Ada", "password": "sesame"}""", "plugin", "settings", "set", Adjustable.Id);
        Assert.True(set.Code == 0, set.Error);
        Assert.DoesNotContain("sesame", set.Output + set.Error, StringComparison.Ordinal);
        Assert.Equal("sesame", await adjustable.Opened((string)(await adjustable.Current())["password"]!));

        // What is not named stays, the secret too.
        Assert.Equal(0, Run(environment, """{"port": 465}""", "plugin", "settings", "set", Adjustable.Id).Code);
        var shown = Run(environment, null, "plugin", "settings", "get", Adjustable.Id, "--json");
        Assert.Contains("\"port\": 465", shown.Output, StringComparison.Ordinal);
        Assert.Contains("\"name\": \"Ada\"", shown.Output, StringComparison.Ordinal);
        Assert.Contains("\"set\": true", shown.Output, StringComparison.Ordinal);

        Assert.Contains("must be at most 65535", Run(environment, """{"port": 70000}""", "plugin", "settings", "set", Adjustable.Id).Error, StringComparison.Ordinal);
        Assert.Contains("holds no JSON object", Run(environment, "port=1", "plugin", "settings", "set", Adjustable.Id).Error, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Error) Run(Dictionary<string, string> environment, string? input, params string[] arguments) =>
        Programs.TryRun(Path.Combine(AppContext.BaseDirectory, "medicineman"), arguments, input, environment);
}
