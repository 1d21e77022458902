using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Plugins.Settings.Forms;

/// One field of a settings form: what it holds and what holds for it. Of a list these are the rules for each item.
internal sealed record SettingsField
{
    public required string Name { get; init; }
    public required SettingsType Type { get; init; }
    public bool IsList { get; init; }
    public required string Title { get; init; }
    public string Description { get; init; } = "";
    public JsonNode? Default { get; init; }
    public bool Required { get; init; }
    public double? Minimum { get; init; }
    public double? Maximum { get; init; }
    public int? MinLength { get; init; }
    public int? MaxLength { get; init; }
    public Regex? Pattern { get; init; }

    /// One of <see cref="FieldFormats.Names"/>, or empty.
    public string Format { get; init; } = "";

    /// What can be chosen; empty when anything can be entered.
    public IReadOnlyList<JsonNode> Choices { get; init; } = [];
    public string Group { get; init; } = "";
    public int Order { get; init; }

    /// The field belongs to the form only while all of these hold.
    public IReadOnlyList<ShownWhen> ShowIf { get; init; } = [];

    /// The settings hold the handle of such a value; the value itself is in the vault.
    public bool IsSecret => Format == "secret";

    /// A value of this field as a person types it; a choice stays the word it is.
    public string Typed(JsonNode? value) =>
        Choices.Count > 0 ? Text(value) : string.Join('\n', Text(value).Split('\n').Select(line => FieldFormats.Typed(Format, line)));

    /// A value as text.
    public static string Text(JsonNode? value) => value switch
    {
        null => "",
        JsonArray list => string.Join('\n', list.Select(Text)),
        JsonValue scalar when scalar.TryGetValue<string>(out var text) => text,
        _ => value.ToJsonString(),
    };
}

internal enum SettingsType
{
    Text,
    Whole,
    Number,
    Flag,
}

/// The named field has one of these values, each as text.
internal sealed record ShownWhen(string Field, IReadOnlyList<string> Values);
