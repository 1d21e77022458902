using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Patching;

/// <summary>
/// The small file beside the parts of a stream that says how they make it up. People read it too, and so may other programs: names of fields are for good.
/// </summary>
internal sealed record StreamDescriptor
{
    public const string FileName = "stream.json";

    /// <summary>A descriptor with millions of parts is none.</summary>
    public const int LargestSize = 64 << 20;

    private const string Known = "medicineman patched stream 1";

    public string Format { get; init; } = Known;

    public required string Name { get; init; }

    public required long Size { get; init; }

    public required IReadOnlyList<StreamPart> Parts { get; init; }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, DescriptorJson.Readable.StreamDescriptor);

    public static StreamDescriptor Read(ReadOnlySpan<byte> json, string place)
    {
        try
        {
            var descriptor = JsonSerializer.Deserialize(json, DescriptorJson.Readable.StreamDescriptor) ?? throw new JsonException("it is empty");
            return descriptor.Format == Known && descriptor.Parts.All(part => part.Size is > 0 and <= long.MaxValue) && descriptor.Parts.Sum(part => part.Size) == descriptor.Size
                ? descriptor
                : throw new JsonException($"it is of the kind {descriptor.Format}, or its sizes do not add up");
        }
        catch (Exception failure) when (failure is JsonException or OverflowException)
        {
            throw new DamagedException($"The parts of {place} can't be put together, for their list is not readable: {failure.Message}", failure);
        }
    }
}

/// <summary>One part: a file as it is, or a patch and the file it applies to.</summary>
internal sealed record StreamPart
{
    public required string File { get; init; }

    public required long Size { get; init; }

    /// <summary>What <see cref="File"/> is a patch to; null when it is the part itself.</summary>
    [JsonPropertyName("base")]
    public string? Basis { get; init; }

    /// <summary>Of the part that base and patch yield, in hexadecimal.</summary>
    public string? Sha256 { get; init; }
}

[JsonSerializable(typeof(StreamDescriptor))]
internal sealed partial class DescriptorJson : JsonSerializerContext
{
    public static readonly DescriptorJson Readable = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        WriteIndented = true,
        NewLine = "\n",
    });
}
