using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Plugins.Postgres.Restoring;

/// Reads what a dump says about itself.
internal static class StoredDump
{
    public static async Task<Manifest> Manifest(IDumpReader dump, string item, CancellationToken cancel)
    {
        var content = await dump.OpenAsync([item, "manifest.json"], cancel);
        await using var stream = content.AsStream();
        try
        {
            var manifest = await JsonSerializer.DeserializeAsync(stream, PostgresJson.Default.Manifest, cancel);
            return manifest?.Format == Postgres.Manifest.CurrentFormat
                ? manifest
                : throw new UserFacingException(
                    $"The dump of {Names.Shown(item)} has format {manifest?.Format}; this version reads {Postgres.Manifest.CurrentFormat}. Update the PostgreSQL plugin.") { Permanent = true };
        }
        catch (JsonException broken)
        {
            throw new UserFacingException($"The manifest in the dump of {Names.Shown(item)} can't be read. Take another snapshot.", broken) { Permanent = true };
        }
    }
}
