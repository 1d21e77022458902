using System.Text.Json.Serialization.Metadata;

namespace MedicineMan.Host.Plugins.Loading;

internal static class JsonNames
{
    /// Those of the names that nothing of the type is read from.
    public static IReadOnlyList<string> Unread(JsonTypeInfo type, IEnumerable<string> names)
    {
        // A converter of its own, or a place for everything else, reads what no property shows.
        if (type.Kind is not JsonTypeInfoKind.Object || type.Properties.Any(property => property.IsExtensionData))
        {
            return [];
        }

        var known = type.Properties.Select(property => property.Name).ToHashSet(type.Options.PropertyNameCaseInsensitive ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        return [.. names.Where(name => !known.Contains(name))];
    }
}
