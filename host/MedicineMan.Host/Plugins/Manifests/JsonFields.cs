using System.Text.Json;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Plugins.Manifests;

/// Reads the fields of one JSON object strictly. What is missing, of the wrong type or unknown is noted and reading goes on, so that an
/// author sees every mistake at once; a value with a problem reads as empty.
internal sealed class JsonFields(JsonElement element, string path, ICollection<string> problems)
{
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    public string Text(string name, Regex? pattern = null, string expected = "a text", int longest = 2000) =>
        OptionalText(name, pattern, expected, longest) ?? Missing(name, expected);

    public string? OptionalText(string name, Regex? pattern = null, string expected = "a text", int longest = 2000)
    {
        if (!Ask(name, JsonValueKind.String, expected, out var value))
        {
            return null;
        }

        var text = value.GetString()!;
        if (text.Length == 0 || text.Length > longest)
        {
            problems.Add($"{Name(name)} has {text.Length} characters; 1 to {longest} are expected.");
        }
        else if (pattern?.IsMatch(text) == false)
        {
            problems.Add($"{Name(name)} is \"{text}\"; {expected} is expected.");
        }

        return text;
    }

    public string Choice(string name, string? fallback, IReadOnlyCollection<string> choices)
    {
        var text = fallback is null ? Text(name, expected: OneOf(choices)) : OptionalText(name) ?? fallback;
        if (text.Length > 0 && !choices.Contains(text))
        {
            problems.Add($"{Name(name)} is \"{text}\"; {OneOf(choices)} is expected.");
        }

        return text;
    }

    public int? Number(string name, int smallest)
    {
        if (!Ask(name, JsonValueKind.Number, "a whole number", out var value))
        {
            return null;
        }

        if (!value.TryGetInt32(out var number) || number < smallest)
        {
            problems.Add($"{Name(name)} is {value.GetRawText()}; a whole number of at least {smallest} is expected.");
        }

        return number;
    }

    public bool Flag(string name, bool fallback)
    {
        if (element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.False)
        {
            asked.Add(name);
            return false;
        }

        return Ask(name, JsonValueKind.True, "true or false", out _) || fallback;
    }

    public IReadOnlyList<string> Texts(string name, IReadOnlyCollection<string>? choices = null)
    {
        if (!Ask(name, JsonValueKind.Array, "a list of texts", out var list))
        {
            return [];
        }

        var texts = list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : "").ToArray();
        if (Array.Exists(texts, text => text.Length == 0 || choices?.Contains(text) == false))
        {
            problems.Add($"{Name(name)} holds {list.GetRawText()}; {(choices is null ? "texts are" : OneOf(choices) + " is")} expected.");
        }

        return texts;
    }

    /// Notes a problem that only this object's reader can see.
    public void Refuse(string problem) => problems.Add(path.Length == 0 ? problem : $"{path}: {problem}");

    public JsonElement? Raw(string name) => Ask(name, JsonValueKind.Object, "an object", out var value) ? value.Clone() : null;

    /// The value whatever its type; its reader says what it expects.
    public JsonElement? Any(string name)
    {
        asked.Add(name);
        return element.TryGetProperty(name, out var value) ? value.Clone() : null;
    }

    public double? Real(string name) => Ask(name, JsonValueKind.Number, "a number", out var value) ? value.GetDouble() : null;

    /// The objects of an object that maps names to them.
    public IReadOnlyList<T> Map<T>(string name, Func<string, JsonFields, T> read) => Ask(name, JsonValueKind.Object, "an object", out var map)
        ? [.. map.EnumerateObject().Select(one => Read(one.Value, $"{Name(name)}.{one.Name}", problems, fields => read(one.Name, fields)))]
        : [];

    public T? Object<T>(string name, bool required, Func<JsonFields, T> read)
        where T : class
    {
        if (Ask(name, JsonValueKind.Object, "an object", out var value))
        {
            return Read(value, Name(name), problems, read);
        }

        _ = required ? Missing(name, "an object") : null;
        return null;
    }

    public IReadOnlyList<T> Objects<T>(string name, bool required, Func<JsonFields, T> read)
    {
        if (Ask(name, JsonValueKind.Array, "a list of objects", out var list))
        {
            return [.. list.EnumerateArray().Select((item, at) => Read(item, $"{Name(name)}[{at}]", problems, read))];
        }

        _ = required ? Missing(name, "a list of objects") : null;
        return [];
    }

    /// Reads an object and refuses the fields nobody asked for.
    public static T Read<T>(JsonElement element, string path, ICollection<string> problems, Func<JsonFields, T> read)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{(path.Length == 0 ? "The file" : path)} holds no object.");
            element = JsonElement.Parse("{}");
        }

        var fields = new JsonFields(element, path, problems);
        var value = read(fields);
        foreach (var field in element.EnumerateObject().Where(field => !fields.asked.Contains(field.Name)))
        {
            problems.Add($"{fields.Name(field.Name)} is not a field this version knows; {(fields.asked.Count == 0 ? "none is expected here" : $"here it knows {string.Join(", ", fields.asked)}")}.");
        }

        return value;
    }

    private bool Ask(string name, JsonValueKind kind, string expected, out JsonElement value)
    {
        asked.Add(name);
        if (!element.TryGetProperty(name, out value))
        {
            return false;
        }

        if (value.ValueKind != kind)
        {
            problems.Add($"{Name(name)} is {value.GetRawText()}; {expected} is expected.");
            return false;
        }

        return true;
    }

    private string Missing(string name, string expected)
    {
        if (!element.TryGetProperty(name, out _))
        {
            problems.Add($"{Name(name)} is missing; {expected} is expected.");
        }

        return "";
    }

    private string Name(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string OneOf(IEnumerable<string> choices) => "one of " + string.Join(", ", choices);
}
