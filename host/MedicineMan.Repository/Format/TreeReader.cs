using System.Text.Json;

namespace MedicineMan.Repository.Format;

/// <summary>Reads trees, whoever wrote them. Unknown fields are skipped; a tree that makes no sense is <see cref="DamagedException"/>.</summary>
internal static class TreeReader
{
    // In the order they are written in.
    private static readonly (byte[] Bytes, string Text)[] Fields =
    [
        .. from name in (string[])["name", "type", "mode", "mtime", "atime", "ctime", "uid", "gid", "user", "group", "inode", "device_id", "size", "links", "linktarget", "linktarget_raw", "extended_attributes", "device", "content", "subtree"]
           select (System.Text.Encoding.ASCII.GetBytes(name), name),
    ];

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
                    nodes.Add(ReadNode(ref reader, nodes.Count > 0 ? nodes[^1] : null));
                }
            }

            return nodes;
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException)
        {
            throw new DamagedException($"The folder listing {id.Prefix} is not readable: {failure.Message}", failure);
        }
    }

    private static TreeNode ReadNode(ref Utf8JsonReader reader, TreeNode? neighbour)
    {
        // Field by field into locals: a record made anew for each of twenty fields was a third of the time of a backup in which nothing changed.
        var (name, type, user, group, linkTarget) = ("", "", default(string), default(string), default(string));
        var (modified, accessed, changed) = (default(UnixTime), default(UnixTime), default(UnixTime));
        var (mode, userId, groupId) = (0u, 0u, 0u);
        var (inode, deviceId, size, links, device) = (0UL, 0UL, 0UL, 0UL, 0UL);
        var (attributes, content, subtree) = (default(List<ExtendedAttribute>), default(List<ObjectId>), default(ObjectId?));
        byte[]? rawTarget = null;
        var next = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = Field(ref reader, ref next);
            reader.Read();
            switch (field)
            {
                case "name": name = Name(reader.GetString()); break;
                case "type": type = Text(ref reader, neighbour?.Type) ?? ""; break;
                case "mode": mode = reader.GetUInt32(); break;
                case "mtime": modified = Time(ref reader); break;
                case "atime": accessed = Time(ref reader); break;
                case "ctime": changed = Time(ref reader); break;
                case "uid": userId = reader.GetUInt32(); break;
                case "gid": groupId = reader.GetUInt32(); break;
                case "user": user = Text(ref reader, neighbour?.User); break;
                case "group": group = Text(ref reader, neighbour?.Group); break;
                case "inode": inode = reader.GetUInt64(); break;
                case "device_id": deviceId = reader.GetUInt64(); break;
                case "size": size = reader.GetUInt64(); break;
                case "links": links = reader.GetUInt64(); break;
                case "linktarget": linkTarget = reader.GetString(); break;
                case "extended_attributes": attributes = Attributes(ref reader); break;
                case "device": device = reader.GetUInt64(); break;
                case "content": content = Ids(ref reader); break;
                case "subtree": subtree = reader.TokenType == JsonTokenType.Null ? null : Id(reader.GetString()); break;
                case "linktarget_raw" when reader.TokenType == JsonTokenType.String: rawTarget = reader.GetBytesFromBase64(); break;
            }

            // The fields above leave the reader on their value; whatever else it is, its end is where the next name follows.
            reader.Skip();
        }

        Expect(reader.TokenType == JsonTokenType.EndObject && name.Length > 0);
        return new TreeNode
        {
            Name = name, Type = type, Mode = mode, Modified = modified, Accessed = accessed, Changed = changed, UserId = userId, GroupId = groupId,
            User = user, Group = group, Inode = inode, DeviceId = deviceId, Size = size, Links = links,
            LinkTarget = rawTarget is null ? linkTarget : FileName.Decode(rawTarget), Attributes = attributes, Device = device, Content = content, Subtree = subtree,
        };
    }

    // No new text for a name that is known; the one to look at first is the one behind the last.
    private static string Field(ref Utf8JsonReader reader, ref int next)
    {
        for (var tried = 0; tried < Fields.Length; tried++)
        {
            var (bytes, text) = Fields[next];
            next = next + 1 == Fields.Length ? 0 : next + 1;
            if (reader.ValueTextEquals(bytes))
            {
                return text;
            }
        }

        return "";
    }

    // Neighbours mostly belong to one owner.
    private static string? Text(ref Utf8JsonReader reader, string? neighbours) =>
        neighbours is not null && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(neighbours) ? neighbours : reader.GetString();

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

    private static UnixTime Time(ref Utf8JsonReader reader) =>
        (reader.TokenType == JsonTokenType.String && UnixTime.TryParseUtc(reader.ValueSpan, out var time)) || UnixTime.TryParse(reader.GetString(), out time)
            ? time
            : throw new FormatException("a time is not one");

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
