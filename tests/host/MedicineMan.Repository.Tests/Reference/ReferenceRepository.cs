using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MedicineMan.Repository.Tests.Reference;

/// <summary>
/// A second reader of the repository format, written from its published description and sharing no code with the engine. It is slow and strict: every
/// byte is read and every departure from the description is written down.
/// </summary>
internal sealed class ReferenceRepository : IDisposable
{
    private readonly string folder;
    private readonly ReferenceCipher cipher;
    private readonly Dictionary<(string Type, string Id), ReferenceBlob> blobs = [];

    private ReferenceRepository(string folder, ReferenceCipher cipher)
    {
        this.folder = folder;
        this.cipher = cipher;
        var config = Json("config");
        Version = config.GetProperty("version").GetInt32();
        Expect(Version is 1 or 2, "config", "has a version other than 1 and 2");
        Expect(IsId(config.GetProperty("id").GetString()!), "config", "has no id of 64 digits");
        var polynomial = Convert.ToUInt64(config.GetProperty("chunker_polynomial").GetString(), 16);
        Expect(polynomial >> 53 == 1, "config", "has a polynomial of another degree than 53");
        foreach (var file in Files("index"))
        {
            LoadIndex(file);
        }
    }

    public int Version { get; }

    /// <summary>Every departure from the format found so far.</summary>
    public List<string> Deviations { get; } = [];

    public IReadOnlyList<string> Snapshots => [.. Files("snapshots").Select(file => Path.GetFileName(file)!)];

    public int Blobs => blobs.Count;

    /// <summary>Packs that the index knows.</summary>
    public IReadOnlyCollection<string> Packs => [.. blobs.Values.Select(blob => blob.Pack).Distinct()];

    public static ReferenceRepository Open(string folder, string password) =>
        new(folder, Directory.GetFiles(Path.Combine(folder, "keys")).Select(File.ReadAllBytes)
            .Select(key => ReferenceCipher.FromKeyFile(key, Encoding.UTF8.GetBytes(password))).First(opened => opened is not null)!);

    /// <summary>Reads everything. Empty when all is as described.</summary>
    public IReadOnlyList<string> Check()
    {
        foreach (var file in (string[])[.. Files("keys"), .. Files("index"), .. Files("snapshots"), .. Files("locks"), .. Files("data")])
        {
            Expect(Hash(File.ReadAllBytes(Path.Combine(folder, file))) == Path.GetFileName(file), file, "does not hash to its name");
        }

        var stored = Files("data");
        foreach (var file in stored)
        {
            Expect(file == PackFile(Path.GetFileName(file)!), file, "lies in the wrong folder");
            new ReferencePack(Version, cipher, Expect).Check(
                file, File.ReadAllBytes(Path.Combine(folder, file)), [.. blobs.Values.Where(blob => blob.Pack == Path.GetFileName(file))]);
        }

        foreach (var lost in Packs.Where(pack => !stored.Contains(PackFile(pack))))
        {
            Expect(false, PackFile(lost), "is in the index and not stored");
        }

        foreach (var snapshot in Snapshots)
        {
            new ReferenceTree(this).Check(Root(snapshot), "snapshot " + snapshot);
        }

        return Deviations;
    }

    public void Restore(string snapshot, string target)
    {
        Directory.CreateDirectory(target);
        new ReferenceTree(this).Restore(Root(snapshot), Encoding.UTF8.GetBytes(target));
    }

    /// <summary>A blob's plain bytes, proven by MAC and hash.</summary>
    public byte[] Blob(string type, string id)
    {
        var blob = blobs.TryGetValue((type, id), out var found) ? found : throw new InvalidDataException($"The {type} blob {id} is in no index.");
        using var pack = File.OpenRead(Path.Combine(folder, PackFile(blob.Pack)));
        var bytes = new byte[blob.Length];
        pack.Position = blob.Offset;
        pack.ReadExactly(bytes);
        var plain = ReferencePack.Plain(cipher, bytes, blob.UncompressedLength);
        return plain is not null && Hash(plain) == id ? plain : throw new InvalidDataException($"The {type} blob {id} is not what its name says.");
    }

    public bool Has(string type, string id) => blobs.ContainsKey((type, id));

    public void Expect(bool condition, string what, string why)
    {
        if (!condition)
        {
            Deviations.Add($"{what} {why}");
        }
    }

    public void Dispose() => cipher.Dispose();

    public static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static bool IsId(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private static string PackFile(string id) => $"data/{id[..2]}/{id}";

    private string Root(string snapshot)
    {
        var json = Json("snapshots/" + snapshot);
        Expect(DateTimeOffset.TryParse(json.GetProperty("time").GetString(), out _), snapshot, "has no time");
        Expect(json.GetProperty("paths").GetArrayLength() > 0, snapshot, "has no paths");
        Expect(json.GetProperty("hostname").GetString() is { Length: > 0 }, snapshot, "has no host");
        return json.GetProperty("tree").GetString()!;
    }

    private void LoadIndex(string file)
    {
        foreach (var pack in Json(file).GetProperty("packs").EnumerateArray())
        {
            var id = pack.GetProperty("id").GetString()!;
            foreach (var entry in pack.GetProperty("blobs").EnumerateArray())
            {
                var plain = entry.TryGetProperty("uncompressed_length", out var length) ? length.GetUInt32() : 0;
                var blob = new ReferenceBlob(
                    entry.GetProperty("id").GetString()!, entry.GetProperty("type").GetString()!, id,
                    entry.GetProperty("offset").GetUInt32(), entry.GetProperty("length").GetUInt32(), plain);
                Expect(IsId(blob.Id) && IsId(id) && blob.Type is "data" or "tree", file, $"has an entry that is none: {entry}");
                Expect(Version == 2 || plain == 0, file, "compresses in a repository of version 1");
                Expect(blobs.TryAdd((blob.Type, blob.Id), blob), file, $"lists {blob.Id} a second time");
            }
        }
    }

    private JsonElement Json(string file)
    {
        var plain = cipher.Open(File.ReadAllBytes(Path.Combine(folder, file))) ?? throw new InvalidDataException($"{file} has a wrong MAC.");
        if (plain[0] is not ((byte)'{' or (byte)'['))
        {
            Expect(plain[0] == 2, file, $"starts with {plain[0]}");
            Expect(file == "config" || Version == 2, file, "is compressed in a repository of version 1");
            plain = ReferencePack.Decompress(plain.AsSpan(1))!;
        }

        return JsonDocument.Parse(plain).RootElement;
    }

    private List<string> Files(string kind) => !Directory.Exists(Path.Combine(folder, kind)) ? [] :
        [.. Directory.GetFiles(Path.Combine(folder, kind), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal)];
}

/// <summary>A line of an index, or of a pack's header.</summary>
internal sealed record ReferenceBlob(string Id, string Type, string Pack, uint Offset, uint Length, uint UncompressedLength);
