using System.Text.Json;

namespace MedicineMan.Repository.Format;

/// <summary>Reads trees, whoever wrote them. Unknown fields are skipped; a tree that makes no sense is <see cref="DamagedException"/>.</summary>
internal static class TreeReader
{
    public static List<TreeNode> Read(ReadOnlySpan<byte> json, ObjectId id)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            var nodes = new List<TreeNode>();
            Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isNodes = reader.ValueTextEquals("nodes"u8);
                reader.Read();
                if (!isNodes)
                {
                    reader.Skip();
                    continue;
                }

                // An empty folder of old clients.
                if (reader.TokenType == JsonTokenType.Null)
                {
                    continue;
                }

                Expect(reader.TokenType == JsonTokenType.StartArray);
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    nodes.Add(ReadNode(ref reader));
                }
            }

            return nodes;
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException)
        {
            throw new DamagedException($"The folder listing {id.Prefix} is not readable: {failure.Message}", failure);
        }
    }

    private static TreeNode ReadNode(ref Utf8JsonReader reader)
    {
        var node = new TreeNode { Name = "", Type = "" };
        byte[]? rawTarget = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.GetString();
            reader.Read();
            node = field switch
            {
                "name" => node with { Name = Name(reader.GetString()) },
                "type" => node with { Type = reader.GetString() ?? "" },
                "mode" => node with { Mode = reader.GetUInt32() },
                "mtime" => node with { Modified = Time(reader.GetString()) },
                "atime" => node with { Accessed = Time(reader.GetString()) },
                "ctime" => node with { Changed = Time(reader.GetString()) },
                "uid" => node with { UserId = reader.GetUInt32() },
                "gid" => node with { GroupId = reader.GetUInt32() },
                "user" => node with { User = reader.GetString() },
                "group" => node with { Group = reader.GetString() },
                "inode" => node with { Inode = reader.GetUInt64() },
                "device_id" => node with { DeviceId = reader.GetUInt64() },
                "size" => node with { Size = reader.GetUInt64() },
                "links" => node with { Links = reader.GetUInt64() },
                "linktarget" => node with { LinkTarget = reader.GetString() },
                "extended_attributes" => node with { Attributes = Attributes(ref reader) },
                "device" => node with { Device = reader.GetUInt64() },
                "content" => node with { Content = Ids(ref reader) },
                "subtree" => node with { Subtree = reader.TokenType == JsonTokenType.Null ? null : Id(reader.GetString()) },
                _ => node,
            };
            if (field is "linktarget_raw" && reader.TokenType == JsonTokenType.String)
            {
                rawTarget = reader.GetBytesFromBase64();
            }

            // The fields above leave the reader on their value; whatever else it is, its end is where the next name follows.
            reader.Skip();
        }

        Expect(reader.TokenType == JsonTokenType.EndObject && node.Name.Length > 0);
        return rawTarget is null ? node : node with { LinkTarget = FileName.Decode(rawTarget) };
    }

    private static List<ExtendedAttribute>? Attributes(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        Expect(reader.TokenType == JsonTokenType.StartArray);
        var attributes = new List<ExtendedAttribute>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var (name, value) = ("", Array.Empty<byte>());
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var field = reader.GetString();
                reader.Read();
                name = field is "name" ? reader.GetString() ?? "" : name;
                value = field is "value" && reader.TokenType == JsonTokenType.String ? reader.GetBytesFromBase64() : value;
                reader.Skip();
            }

            Expect(name.Length > 0 && !name.Contains('\0'));
            attributes.Add(new ExtendedAttribute(name, value));
        }

        return attributes;
    }

    private static List<ObjectId>? Ids(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        Expect(reader.TokenType == JsonTokenType.StartArray);
        var ids = new List<ObjectId>();
        Span<byte> bytes = stackalloc byte[ObjectId.Size];
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            // Straight from the bytes: a dump of 100 GiB has millions of them.
            Expect(reader.ValueSpan.Length == 2 * ObjectId.Size
                && Convert.FromHexString(reader.ValueSpan, bytes, out _, out _) == System.Buffers.OperationStatus.Done);
            ids.Add(new ObjectId(bytes));
        }

        return ids;
    }

    private static ObjectId Id(string? text) => ObjectId.TryParse(text, out var id) ? id : throw new FormatException("an id is not one");

    private static UnixTime Time(string? text) => UnixTime.TryParse(text, out var time) ? time : throw new FormatException("a time is not one");

    private static string Name(string? text) =>
        text is not null && GoQuote.TryUnquote(text, out var name) ? name : throw new FormatException("a name is not one");

    private static void Expect(bool condition)
    {
        if (!condition)
        {
            throw new FormatException("it does not have the shape of a tree");
        }
    }
}
