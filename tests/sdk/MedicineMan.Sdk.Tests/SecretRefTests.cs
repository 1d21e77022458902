using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Sdk.Tests;

/// A handle in settings is the text that the host puts there, read by the generated code of a plugin's own context.
public sealed partial class SecretRefTests
{
    [Fact]
    public void A_setting_for_a_secret_is_read_into_a_handle_and_written_back()
    {
        var read = JsonSerializer.Deserialize("""{"token":"s-1","other":null}""", SettingsJson.Default.Settings)!;

        Assert.Equal(new Settings(new SecretRef("s-1"), null), read);
        Assert.Equal("""{"token":"s-1","other":null}""", JsonSerializer.Serialize(read, SettingsJson.Default.Settings));
        Assert.Equal(default, JsonSerializer.Deserialize("""{"token":null}""", SettingsJson.Default.Settings)!.Token);
        Assert.Equal(default, JsonSerializer.Deserialize("{}", SettingsJson.Default.Settings)!.Token);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"token":5}""", SettingsJson.Default.Settings));
    }

    internal sealed record Settings(SecretRef Token, SecretRef? Other);

    [JsonSerializable(typeof(Settings))]
    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
    internal sealed partial class SettingsJson : JsonSerializerContext;
}
