using System.Buffers;
using System.Text.Json;
using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Format;

/// <summary>An index file: packs and the blobs that lie in them.</summary>
internal static class IndexDocument
{
    /// <summary>Bytes that no document of so many blobs needs more of.</summary>
    public static int Bound(int blobs) => 1024 + 190 * blobs;

    /// <param name="packs">What it holds.</param>
    /// <param name="buffer">Overwritten; it grows to megabytes, which whoever writes several keeps.</param>
    /// <returns>The document, as a part of the buffer.</returns>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<IndexedPack> packs, ArrayBufferWriter<byte> buffer)
    {
        buffer.ResetWrittenCount();
        buffer.GetSpan(Bound(packs.Sum(pack => pack.Blobs.Count)));
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteStartArray("packs"u8);
        foreach (var pack in packs)
        {
            json.WriteStartObject();
            WriteId(json, pack.Id);
            json.WriteStartArray("blobs"u8);
            foreach (var blob in pack.Blobs)
            {
                json.WriteStartObject();
                WriteId(json, blob.Id);
                json.WriteString("type"u8, blob.Kind == BlobKind.Tree ? "tree"u8 : "data"u8);
                json.WriteNumber("offset"u8, blob.Offset);
                json.WriteNumber("length"u8, blob.Length);
                if (blob.IsCompressed)
                {
                    json.WriteNumber("uncompressed_length"u8, blob.UncompressedLength);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    public static List<IndexedPack> Read(ReadOnlySpan<byte> document, ObjectId id)
    {
        try
        {
            var reader = new Utf8JsonReader(document);
            var packs = new List<IndexedPack>();
            Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isPacks = reader.ValueTextEquals("packs"u8);
                reader.Read();
                if (isPacks && reader.TokenType == JsonTokenType.StartArray)
                {
                    while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                    {
                        packs.Add(ReadPack(ref reader));
                    }
                }
                else
                {
                    reader.Skip();
                }
            }

            return packs;
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException)
        {
            throw new DamagedException($"The index index/{id} is not readable: {failure.Message}", failure);
        }
    }

    // Straight to bytes: a string for each of ten million blobs would be a gigabyte and a half of garbage.
    private static void WriteId(Utf8JsonWriter json, ObjectId id)
    {
        Span<byte> bytes = stackalloc byte[ObjectId.Size];
        Span<byte> digits = stackalloc byte[2 * ObjectId.Size];
        id.CopyTo(bytes);
        Convert.TryToHexStringLower(bytes, digits, out _);
        json.WriteString("id"u8, digits);
    }

    private static IndexedPack ReadPack(ref Utf8JsonReader reader)
    {
        ObjectId id = default;
        var blobs = new List<BlobEntry>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = reader.ValueTextEquals("id"u8);
            var isBlobs = reader.ValueTextEquals("blobs"u8);
            reader.Read();
            if (isId)
            {
                id = ReadId(ref reader);
            }
            else if (isBlobs && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    blobs.Add(ReadBlob(ref reader));
                }
            }
            else
            {
                reader.Skip();
            }
        }

        Expect(id != default);
        return new IndexedPack(id, blobs);
    }

    private static BlobEntry ReadBlob(ref Utf8JsonReader reader)
    {
        var blob = default(BlobEntry);
        var hasKind = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                blob = blob with { Id = ReadId(ref reader) };
            }
            else if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                Expect(reader.ValueTextEquals("data"u8) || reader.ValueTextEquals("tree"u8));
                hasKind = true;
                blob = blob with { Kind = reader.ValueTextEquals("tree"u8) ? BlobKind.Tree : BlobKind.Data };
            }
            else if (reader.ValueTextEquals("offset"u8))
            {
                reader.Read();
                blob = blob with { Offset = reader.GetUInt32() };
            }
            else if (reader.ValueTextEquals("length"u8))
            {
                reader.Read();
                blob = blob with { Length = reader.GetUInt32() };
            }
            else if (reader.ValueTextEquals("uncompressed_length"u8))
            {
                reader.Read();
                blob = blob with { UncompressedLength = reader.GetUInt32() };
            }
            else
            {
                reader.Skip();
            }
        }

        Expect(hasKind && blob.Id != default);
        Expect(blob.Length >= Crypto.Sealer.Overhead && blob.PlainLength <= int.MaxValue / 2 && blob.Offset + (long)blob.Length <= uint.MaxValue);
        return blob;
    }

    private static ObjectId ReadId(ref Utf8JsonReader reader)
    {
        Span<byte> bytes = stackalloc byte[ObjectId.Size];
        Expect(reader.ValueSpan.Length == 2 * ObjectId.Size
            && Convert.FromHexString(reader.ValueSpan, bytes, out _, out _) == OperationStatus.Done);
        return new ObjectId(bytes);
    }

    private static void Expect(bool condition)
    {
        if (!condition)
        {
            throw new FormatException("it does not have the shape of an index");
        }
    }
}
