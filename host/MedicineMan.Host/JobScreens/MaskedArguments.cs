using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MedicineMan.Host.JobScreens;

/// A job's arguments as people may see them. Arguments hold no secrets; should a plugin put one there all the same, its name gives it away.
internal static class MaskedArguments
{
    public const string Mask = "•••";

    private static readonly string[] Telling = ["password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "accesskey", "access_key", "privatekey", "private_key", "credential", "authorization", "cookie"];
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonNode? Of(string arguments)
    {
        var read = JsonNode.Parse(arguments);
        Hide(read);
        return read;
    }

    public static string Text(string arguments) => Of(arguments)?.ToJsonString(Readable) ?? "null";

    private static void Hide(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.ToList())
                {
                    if (value is not null && Telling.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase)))
                    {
                        fields[name] = Mask;
                    }
                    else
                    {
                        Hide(value);
                    }
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    Hide(item);
                }

                break;
        }
    }
}
