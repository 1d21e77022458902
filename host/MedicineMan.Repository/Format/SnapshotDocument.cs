using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MedicineMan.Repository.Format;

/// <summary>A snapshot file. Ids and times are text here; <see cref="SnapshotEntry"/> is what the rest of the product sees.</summary>
internal sealed record SnapshotDocument
{
    public required string Time { get; init; }

    public string? Parent { get; init; }

    public required string Tree { get; init; }

    public IReadOnlyList<string>? Paths { get; init; }

    public string? Hostname { get; init; }

    public string? Username { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    public IReadOnlyList<string>? Excludes { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public string? Original { get; init; }

    [JsonPropertyName("program_version")]
    public string? ProgramVersion { get; init; }

    public SnapshotSummary? Summary { get; init; }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, FormatJson.Relaxed.SnapshotDocument);

    public static SnapshotDocument Read(ReadOnlySpan<byte> json, ObjectId id)
    {
        try
        {
            var document = JsonSerializer.Deserialize(json, FormatJson.Relaxed.SnapshotDocument) ?? throw new JsonException("it is empty");
            // Null within a list is the one thing the serialiser does not refuse.
            return new[] { document.Paths, document.Tags, document.Excludes }.Any(list => list?.Contains(null!) == true)
                ? throw new JsonException("a list has an entry that is none")
                : document;
        }
        catch (JsonException failure)
        {
            throw new DamagedException($"The snapshot {id.Prefix} is not readable: {failure.Message}", failure);
        }
    }
}

/// <summary>Figures that newer clients of the format keep in a snapshot.</summary>
internal sealed record SnapshotSummary
{
    [JsonPropertyName("backup_start")]
    public required string BackupStart { get; init; }

    [JsonPropertyName("backup_end")]
    public required string BackupEnd { get; init; }

    [JsonPropertyName("files_new")]
    public long FilesNew { get; init; }

    [JsonPropertyName("files_changed")]
    public long FilesChanged { get; init; }

    [JsonPropertyName("files_unmodified")]
    public long FilesUnmodified { get; init; }

    [JsonPropertyName("data_blobs")]
    public long DataBlobs { get; init; }

    [JsonPropertyName("tree_blobs")]
    public long TreeBlobs { get; init; }

    [JsonPropertyName("data_added")]
    public long DataAdded { get; init; }

    [JsonPropertyName("data_added_packed")]
    public long DataAddedPacked { get; init; }

    [JsonPropertyName("total_files_processed")]
    public long TotalFilesProcessed { get; init; }

    [JsonPropertyName("total_bytes_processed")]
    public long TotalBytesProcessed { get; init; }
}

/// <summary>The repository's config file.</summary>
internal sealed record ConfigDocument
{
    public required int Version { get; init; }

    public required string Id { get; init; }

    [JsonPropertyName("chunker_polynomial")]
    public required string ChunkerPolynomial { get; init; }
}

/// <summary>A lock file.</summary>
internal sealed record LockDocument
{
    public required string Time { get; init; }

    public required bool Exclusive { get; init; }

    // The serialiser sets what is missing to null.
    public string Hostname { get; init => field = value ?? ""; } = "";

    public string Username { get; init => field = value ?? ""; } = "";

    public int Pid { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }
}

[JsonSerializable(typeof(SnapshotDocument))]
[JsonSerializable(typeof(ConfigDocument))]
[JsonSerializable(typeof(LockDocument))]
internal sealed partial class FormatJson : JsonSerializerContext
{
    // Other clients need not undo escapes of every letter that is not ASCII.
    public static readonly FormatJson Relaxed = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
    });
}
