using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Plugins.Settings.Forms;

/// Reads one value of a field and says what is wrong with it: the same for what a person typed, what a program sent and what a manifest
/// has as its default.
internal static class FieldCheck
{
    /// What a person typed, by the field's type. Nothing typed is no value.
    public static (JsonNode? Value, string? Problem) Typed(SettingsField field, IReadOnlyList<string> texts)
    {
        if (!field.IsList)
        {
            var text = texts.Count == 0 ? "" : texts[0];
            return field.Type is SettingsType.Flag ? (text == "true", null) : text.Trim().Length == 0 ? (null, null) : Scalar(field, field.Type is SettingsType.Text ? text : text.Trim());
        }

        var list = new JsonArray();
        foreach (var line in texts.SelectMany(text => text.Split('\n')).Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            var (value, problem) = Scalar(field, line);
            if (problem is not null)
            {
                return (null, $"{problem}: {line}");
            }

            list.Add(value);
        }

        return (list.Count == 0 ? null : list, null);
    }

    /// What a program sent. JSON's own types are taken by the word: "7" is no number.
    public static (JsonNode? Value, string? Problem) Sent(SettingsField field, JsonNode? value)
    {
        if (value is null)
        {
            return (null, null);
        }

        if (!field.IsList)
        {
            return OfType(field, value) is { } text ? Scalar(field, text) : (null, Expected(field));
        }

        if (value is not JsonArray items || items.Any(item => item is null || OfType(field, item) is null))
        {
            return (null, $"must be a list; each item {Expected(field)}");
        }

        return Typed(field, [.. items.Select(item => OfType(field, item!)!)]);
    }

    /// The text of a new secret.
    public static string? Secret(SettingsField field, string text) => Length(field, text) ?? Pattern(field, text);

    private static (JsonNode? Value, string? Problem) Scalar(SettingsField field, string text)
    {
        JsonNode? value = field.Type switch
        {
            SettingsType.Whole => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null,
            SettingsType.Number => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null,
            SettingsType.Flag => text is "true" or "false" ? text == "true" : null,
            _ => FieldFormats.Normal(field.Format, text),
        };
        var problem = value is null ? Expected(field)
            : field.Choices.Count > 0 && !field.Choices.Any(choice => SettingsField.Text(choice) == SettingsField.Text(value)) ? $"must be one of {string.Join(", ", field.Choices.Select(SettingsField.Text))}"
            : field.Type is SettingsType.Whole or SettingsType.Number ? Range(field, double.Parse(SettingsField.Text(value), CultureInfo.InvariantCulture))
            : field.Type is SettingsType.Text ? Length(field, text) ?? Pattern(field, text) ?? FieldFormats.Problem(field.Format, text)
            : null;
        return problem is null ? (value, null) : (null, problem);
    }

    private static string? OfType(SettingsField field, JsonNode value) => (field.Type, value.GetValueKind()) switch
    {
        (SettingsType.Text, JsonValueKind.String) => value.GetValue<string>(),
        (SettingsType.Whole or SettingsType.Number, JsonValueKind.Number) => value.ToJsonString(),
        (SettingsType.Flag, JsonValueKind.True or JsonValueKind.False) => value.ToJsonString(),
        _ => null,
    };

    private static string Expected(SettingsField field) => field.Type switch
    {
        SettingsType.Whole => "must be a whole number",
        SettingsType.Number => "must be a number",
        SettingsType.Flag => "must be true or false",
        _ => "must be a text",
    };

    private static string? Range(SettingsField field, double number) =>
        number < field.Minimum ? string.Create(CultureInfo.InvariantCulture, $"must be at least {field.Minimum}")
        : number > field.Maximum ? string.Create(CultureInfo.InvariantCulture, $"must be at most {field.Maximum}")
        : null;

    private static string? Length(SettingsField field, string text) =>
        text.Length < field.MinLength ? $"must have at least {field.MinLength} characters"
        : text.Length > (field.MaxLength ?? 10_000) ? $"must have at most {field.MaxLength ?? 10_000} characters"
        : null;

    private static string? Pattern(SettingsField field, string text)
    {
        try
        {
            return field.Pattern?.IsMatch(text) == false ? $"does not have the form {field.Pattern}" : null;
        }
        catch (RegexMatchTimeoutException)
        {
            return "takes too long to check; enter something shorter";
        }
    }
}
