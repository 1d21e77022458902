using System.Text.Json.Nodes;

namespace MedicineMan.Host.Plugins.Settings.Forms;

/// What somebody sent, checked as a whole: what can be stored, which secrets are new, and everything that is wrong.
internal sealed record SettingsDraft
{
    /// Complete but for the new secrets; the handles of kept ones are in it.
    public required JsonObject Values { get; init; }

    /// New values of secret fields, for the vault and nowhere else.
    public required IReadOnlyDictionary<string, string> Secrets { get; init; }

    /// As it was typed, so that a form with mistakes is drawn as it was sent. Never a secret.
    public required IReadOnlyDictionary<string, string> Typed { get; init; }

    /// A sentence for each field that is wrong, without its name: "must be a number".
    public required IReadOnlyDictionary<string, string> Errors { get; init; }
}
