using System.Security.Cryptography;
using System.Text.Json;
using MedicineMan.Host.Plugins.Manifests;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// checksums.json: which plugin in which version this is, and the SHA-256 of each of its files. Its own bytes are what is signed.
internal sealed record PackageChecksums(string Plugin, string Version, IReadOnlyDictionary<string, string> Files)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    /// The same files give the same bytes, on any machine.
    public byte[] Write()
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteNumber("checksums", 1);
            json.WriteString("plugin", Plugin);
            json.WriteString("version", Version);
            json.WriteStartObject("files");
            foreach (var (name, hash) in Files.OrderBy(file => file.Key, StringComparer.Ordinal))
            {
                json.WriteString(name, hash);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return memory.ToArray();
    }

    public static PackageChecksums Read(byte[] bytes, string file)
    {
        var problems = new List<string>();
        try
        {
            using var json = JsonDocument.Parse(bytes, Strict);
            var read = JsonFields.Read(json.RootElement, "", problems, fields =>
            {
                _ = fields.Number("checksums", 1) is 1 ? 0 : Refuse(problems, "checksums must be 1, the only form this version reads.");
                return new PackageChecksums(fields.Text("plugin"), fields.Text("version"), Listed(fields.Raw("files"), problems));
            });
            return problems.Count == 0 ? read : throw Unreadable(file, string.Join(' ', problems));
        }
        catch (JsonException broken)
        {
            throw Unreadable(file, broken.Message);
        }
    }

    /// Holds the files in a folder against the list, both ways.
    public IEnumerable<string> Differences(string folder)
    {
        var there = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/')).Where(name => !PackageForm.IsLetter(name)).ToHashSet(StringComparer.Ordinal);
        foreach (var name in there.Union(Files.Keys).Order(StringComparer.Ordinal))
        {
            if (!there.Contains(name) || !Files.TryGetValue(name, out var hash) || hash != HashOf(Path.Combine(folder, name)))
            {
                yield return name;
            }
        }
    }

    public static string HashOf(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static Dictionary<string, string> Listed(JsonElement? files, List<string> problems)
    {
        var listed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in files?.EnumerateObject() ?? default)
        {
            if (file.Value.ValueKind == JsonValueKind.String && file.Value.GetString() is { Length: 64 } hash && hash.All(char.IsAsciiHexDigitLower))
            {
                listed[file.Name] = hash;
            }
            else
            {
                problems.Add($"files.{file.Name} is no SHA-256 in lower-case hex.");
            }
        }

        return listed;
    }

    private static int Refuse(List<string> problems, string problem)
    {
        problems.Add(problem);
        return 0;
    }

    private static PluginRefusedException Unreadable(string file, string why) =>
        new(PackageProblems.NotAPackage(file, $"its {PackageForm.ChecksumsFile} can't be read: {why}"));
}
