using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MedicineMan.Host.Plugins.Settings.Forms;

/// A schema as a page draws it: every field with its value and what is wrong with it. It holds no secret, only whether there is one.
internal sealed record SettingsForm(IReadOnlyList<FormGroup> Groups)
{
    public const string Prefix = "Settings.";

    public IEnumerable<FormField> Wrong => Groups.SelectMany(group => group.Fields).Where(one => one.Error is not null);

    /// <param name="values">What is stored; null for a form nobody has filled in yet.</param>
    /// <param name="sent">What was sent last, when it is drawn again.</param>
    public static SettingsForm Of(SettingsSchema schema, JsonObject? values, SettingsDraft? sent = null) => new(
        [.. schema.Fields.Select(field => Field(schema, field, values, sent)).OrderBy(field => field.Rules.Order)
            .GroupBy(field => field.Rules.Group).Select(group => new FormGroup(group.Key, [.. group]))]);

    private static FormField Field(SettingsSchema schema, SettingsField field, JsonObject? values, SettingsDraft? sent) => new()
    {
        Rules = field,
        Text = field.IsSecret ? "" : sent?.Typed.GetValueOrDefault(field.Name) ?? field.Typed(values?[field.Name] ?? (values is null ? field.Default : null)),
        IsSet = field.IsSecret && values?[field.Name] is not null,
        Error = sent?.Errors.TryGetValue(field.Name, out var error) == true ? error : null,
        Condition = string.Join(" and ", field.ShowIf.Select(when => $"{schema.Fields.Single(other => other.Name == when.Field).Title} is {string.Join(" or ", when.Values)}")),
        ShowIf = field.ShowIf.Count == 0 ? null : JsonSerializer.Serialize(field.ShowIf.ToDictionary(when => Prefix + when.Field, when => when.Values)),
    };
}

/// <param name="Title">Empty for the fields without a group.</param>
internal sealed record FormGroup(string Title, IReadOnlyList<FormField> Fields);

internal sealed record FormField
{
    public required SettingsField Rules { get; init; }

    public required string Text { get; init; }

    /// A secret is stored.
    public bool IsSet { get; init; }

    public string? Error { get; init; }

    /// When it belongs to the form, for people; empty when always.
    public string Condition { get; init; } = "";

    /// The same for the script that hides it.
    public string? ShowIf { get; init; }

    public string Name => SettingsForm.Prefix + Rules.Name;

    public string Id => "Settings_" + Rules.Name;

    public string? DescribedBy => (Rules.Description.Length > 0 || Condition.Length > 0 || IsSet ? Id + "-hint" : "") + (Error is null ? "" : " " + Id + "-error") is { Length: > 0 } ids ? ids.Trim() : null;

    public bool Asked => Rules.Required && Rules.ShowIf.Count == 0 && !IsSet;

    public string InputType => Rules switch
    {
        { IsSecret: true } => "password",
        { Type: SettingsType.Whole or SettingsType.Number } => "number",
        { Format: "uri" } => "url",
        _ => "text",
    };

    public string? Step => Rules.Type switch { SettingsType.Whole => "1", SettingsType.Number => "any", _ => null };

    public string? Smallest => Rules.Minimum?.ToString(CultureInfo.InvariantCulture);

    public string? Largest => Rules.Maximum?.ToString(CultureInfo.InvariantCulture);

    public bool Has(string choice) => Text.Split('\n').Contains(choice);
}
