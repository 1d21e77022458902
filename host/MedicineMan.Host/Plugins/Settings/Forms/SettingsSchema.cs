using System.Text.Json.Nodes;

namespace MedicineMan.Host.Plugins.Settings.Forms;

/// The fields of a form in the order of the manifest, from the subset of JSON Schema that it may use. One schema draws, reads and checks
/// a plugin's settings as well as those of a storage.
internal sealed record SettingsSchema(IReadOnlyList<SettingsField> Fields)
{
    public static SettingsSchema Empty { get; } = new([]);

    /// Whether the field belongs to the form with these values. A field that hangs on one out of sight is out of sight, too.
    public bool Shows(SettingsField field, JsonObject values) => field.ShowIf.All(when =>
        Fields.Single(other => other.Name == when.Field) is var other
        && Shows(other, values)
        && when.Values.Contains(SettingsField.Text(values[when.Field] ?? other.Default ?? (other.Type is SettingsType.Flag ? false : null))));

    /// What the fields of the format "secret" hold in these settings.
    public IEnumerable<(SettingsField Field, string Handle)> Handles(JsonObject values) =>
        from field in Fields
        where field.IsSecret && values[field.Name] is not null
        select (field, SettingsField.Text(values[field.Name]));
}
