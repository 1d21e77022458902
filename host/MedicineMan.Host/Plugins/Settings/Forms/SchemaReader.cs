using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedicineMan.Host.Plugins.Manifests;

namespace MedicineMan.Host.Plugins.Settings.Forms;

/// Reads the subset of JSON Schema that settings are described with. Whatever is not in it is a problem of the manifest: a rule that the
/// host does not know would silently not hold.
internal static partial class SchemaReader
{
    // A pattern that backtracks is cut; where the engine can, it is matched in linear time instead.
    private static readonly TimeSpan PatternLimit = TimeSpan.FromMilliseconds(100);
    private static readonly string[] Types = ["string", "integer", "number", "boolean", "array"];

    public static SettingsSchema? Read(JsonFields json, string name) => json.Object(name, required: false, Schema);

    private static SettingsSchema Schema(JsonFields json)
    {
        json.Choice("type", null, ["object"]);
        json.OptionalText("title");
        json.OptionalText("description");
        var required = json.Texts("required");
        var fields = json.Map("properties", (name, field) => Field(name, field, required.Contains(name)));
        foreach (var missing in required.Where(name => fields.All(field => field.Name != name)))
        {
            json.Refuse($"required names \"{missing}\", which is no property.");
        }

        foreach (var (at, field) in fields.Index())
        {
            foreach (var when in field.ShowIf.Where(when => !fields.Take(at).Any(other => other.Name == when.Field && !other.IsSecret && !other.IsList)))
            {
                json.Refuse($"{field.Name}: x-mm-showIf names \"{when.Field}\", which is no plain field that stands before it.");
            }
        }

        return new SettingsSchema(fields);
    }

    private static SettingsField Field(string name, JsonFields json, bool required)
    {
        if (!NamePattern().IsMatch(name))
        {
            json.Refuse("the name of a property is a letter, then letters, digits, - or _, 64 at most.");
        }

        var type = json.Choice("type", null, Types);
        var title = json.OptionalText("title", longest: 100) ?? name;
        var field = type == "array"
            ? json.Object("items", required: true, items => Scalar(name, title, items, items.Choice("type", null, Types[..4]))) ?? new SettingsField { Name = name, Title = title, Type = SettingsType.Text }
            : Scalar(name, title, json, type);
        field = field with
        {
            IsList = type == "array", Required = required,
            Description = json.OptionalText("description", longest: 1000) ?? "",
            Group = json.OptionalText("x-mm-group", longest: 100) ?? "",
            Order = json.Number("x-mm-order", 0) ?? 0,
            ShowIf = json.Any("x-mm-showIf") is { } condition ? Conditions(json, condition) : [],
        };
        if (field.IsSecret && (field.IsList || field.Choices.Count > 0))
        {
            json.Refuse("a secret is one text; it can't be a list or a choice.");
        }

        return json.Any("default") is { } value ? field with { Default = Default(json, field, value) } : field;
    }

    private static SettingsField Scalar(string name, string title, JsonFields json, string type)
    {
        var field = new SettingsField
        {
            Name = name,
            Title = title,
            Type = type switch { "integer" => SettingsType.Whole, "number" => SettingsType.Number, "boolean" => SettingsType.Flag, _ => SettingsType.Text },
        };
        if (field.Type is SettingsType.Whole or SettingsType.Number)
        {
            field = field with { Minimum = json.Real("minimum"), Maximum = json.Real("maximum") };
        }
        else if (field.Type is SettingsType.Text)
        {
            field = field with
            {
                MinLength = json.Number("minLength", 0), MaxLength = json.Number("maxLength", 1), Pattern = Pattern(json, json.OptionalText("pattern", longest: 500)),
                Format = json.Choice("format", "", FieldFormats.Names),
            };
        }

        return json.Any("enum") is { } choices ? field with { Choices = Choices(json, field, choices) } : field;
    }

    private static List<JsonNode> Choices(JsonFields json, SettingsField field, JsonElement choices)
    {
        var nodes = choices.ValueKind == JsonValueKind.Array ? choices.EnumerateArray().Select(choice => JsonSerializer.SerializeToNode(choice)).ToList() : [];
        if (nodes.Count == 0 || field.Type is SettingsType.Flag || nodes.Exists(node => node is null || FieldCheck.Sent(field, node).Problem is not null))
        {
            json.Refuse($"enum is {choices.GetRawText()}; a list of values that hold for the field is expected.");
            return [];
        }

        return nodes!;
    }

    private static JsonNode? Default(JsonFields json, SettingsField field, JsonElement value)
    {
        var (node, problem) = field.IsSecret ? (null, "is not allowed for a secret") : FieldCheck.Sent(field, JsonSerializer.SerializeToNode(value));
        if (problem is not null || node is null)
        {
            json.Refuse($"default {problem ?? "must be a value"}.");
        }

        return node;
    }

    private static Regex? Pattern(JsonFields json, string? pattern)
    {
        try
        {
            return pattern is null ? null : new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, PatternLimit);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern!, RegexOptions.CultureInvariant, PatternLimit);
        }
        catch (ArgumentException wrong)
        {
            json.Refuse($"pattern is no regular expression: {wrong.Message}");
            return null;
        }
    }

    private static ShownWhen[] Conditions(JsonFields json, JsonElement condition)
    {
        if (condition.ValueKind == JsonValueKind.Object && condition.EnumerateObject().All(one => Values(one.Value).Count > 0))
        {
            return [.. condition.EnumerateObject().Select(one => new ShownWhen(one.Name, Values(one.Value)))];
        }

        json.Refuse($"x-mm-showIf is {condition.GetRawText()}; an object such as {{\"mode\": [\"tls\"]}} is expected.");
        return [];
    }

    private static IReadOnlyList<string> Values(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().SelectMany(item => item.ValueKind == JsonValueKind.Array ? [] : Values(item))],
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => [value.GetRawText()],
        _ => [],
    };

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
