using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Plugins.Capabilities;

/// The texts of a plugin in the reader's language, out of its locales/{culture}.json.
internal sealed partial class Texts(string folder, Grant grant)
{
    private const int LargestFile = 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> read = new(StringComparer.Ordinal);

    public string Of(string key, ReadOnlySpan<string> values)
    {
        ArgumentNullException.ThrowIfNull(key);
        var text = Find(key) ?? key;
        var given = values.ToArray();
        return Place().Replace(text, place => int.TryParse(place.ValueSpan[1..^1], CultureInfo.InvariantCulture, out var at) && at < given.Length ? given[at] : place.Value);
    }

    private string? Find(string key)
    {
        for (var culture = CultureInfo.CurrentUICulture; culture.Name.Length > 0; culture = culture.Parent)
        {
            if (File(culture.Name).TryGetValue(key, out var text))
            {
                return text;
            }
        }

        return File("en").GetValueOrDefault(key);
    }

    private IReadOnlyDictionary<string, string> File(string culture)
    {
        lock (gate)
        {
            return read.TryGetValue(culture, out var texts) ? texts : read[culture] = Read(Path.Combine(folder, "locales", $"{culture}.json"));
        }
    }

    private Dictionary<string, string> Read(string file)
    {
        try
        {
            if (!System.IO.File.Exists(file))
            {
                return [];
            }

            if (new FileInfo(file).Length > LargestFile)
            {
                throw new IOException($"{file} is larger than {LargestFile / 1024} KiB.");
            }

            using var json = JsonDocument.Parse(System.IO.File.ReadAllBytes(file));
            return json.RootElement.EnumerateObject().ToDictionary(text => text.Name, text => text.Value.GetString() ?? "", StringComparer.Ordinal);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or ArgumentException)
        {
            grant.Fault("locales", unreadable);
            return [];
        }
    }

    [GeneratedRegex(@"\{\d\}", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}
