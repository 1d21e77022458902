using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace MedicineMan.Repository.Format;

/// <summary>Writes a tree to the letter as Go's encoding/json does, so that equal folders yield equal trees whoever saved them.</summary>
internal sealed class TreeWriter
{
    // What stands for itself: nearly every name, time and number.
    private static readonly SearchValues<char> Simple =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-+_.:,;/()[]{}=@#$%!?*~^|' ");

    private readonly ArrayBufferWriter<byte> json = new(4096);
    private string? last;

    public TreeWriter() => Start();

    /// <summary>Starts anew: what <see cref="Finish"/> gave is overwritten.</summary>
    public void Start()
    {
        json.ResetWrittenCount();
        json.Write("{\"nodes\":["u8);
        last = null;
    }

    /// <summary>Adds a node; names must come in the order of their bytes.</summary>
    public void Add(TreeNode node)
    {
        if (last is not null)
        {
            if (FileName.Compare(last, node.Name) >= 0)
            {
                throw new InvalidOperationException("Nodes of a tree must be added in order, each name once.");
            }

            json.Write(","u8);
        }

        last = node.Name;
        json.Write("{\"name\":"u8);
        WriteString(GoQuote.Quote(node.Name));
        json.Write(",\"type\":"u8);
        WriteString(node.Type);
        WriteNumber("mode"u8, node.Mode, omitZero: true);
        WriteTime("mtime"u8, node.Modified);
        WriteTime("atime"u8, node.Accessed);
        WriteTime("ctime"u8, node.Changed);
        WriteNumber("uid"u8, node.UserId, omitZero: false);
        WriteNumber("gid"u8, node.GroupId, omitZero: false);
        WriteText("user"u8, node.User);
        WriteText("group"u8, node.Group);
        WriteNumber("inode"u8, node.Inode, omitZero: true);
        WriteNumber("device_id"u8, node.DeviceId, omitZero: true);
        WriteNumber("size"u8, node.Size, omitZero: true);
        WriteNumber("links"u8, node.Links, omitZero: true);
        WriteLinkTarget(node.LinkTarget);
        WriteAttributes(node.Attributes);
        WriteNumber("device"u8, node.Device, omitZero: true);
        WriteContent(node.Content);
        if (node.Subtree is { } subtree)
        {
            WriteName("subtree"u8);
            WriteId(subtree);
        }

        json.Write("}"u8);
    }

    public ReadOnlyMemory<byte> Finish()
    {
        json.Write("]}\n"u8);
        return json.WrittenMemory;
    }

    private void WriteName(ReadOnlySpan<byte> name)
    {
        json.Write(",\""u8);
        json.Write(name);
        json.Write("\":"u8);
    }

    private void WriteNumber(ReadOnlySpan<byte> name, ulong value, bool omitZero)
    {
        if (value == 0 && omitZero)
        {
            return;
        }

        WriteName(name);
        Utf8Formatter.TryFormat(value, json.GetSpan(20), out var written);
        json.Advance(written);
    }

    private void WriteTime(ReadOnlySpan<byte> name, UnixTime time)
    {
        WriteName(name);
        json.Write("\""u8);
        json.Advance(time.Write(json.GetSpan(UnixTime.LongestUtc)));
        json.Write("\""u8);
    }

    private void WriteText(ReadOnlySpan<byte> name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            WriteName(name);
            WriteString(value);
        }
    }

    private void WriteLinkTarget(string? target)
    {
        if (string.IsNullOrEmpty(target))
        {
            return;
        }

        WriteText("linktarget"u8, target);
        var bytes = FileName.Encode(target);
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            WriteText("linktarget_raw"u8, Convert.ToBase64String(bytes));
        }
    }

    private void WriteAttributes(IReadOnlyList<ExtendedAttribute>? attributes)
    {
        if (attributes is null or { Count: 0 })
        {
            return;
        }

        WriteName("extended_attributes"u8);
        for (var i = 0; i < attributes.Count; i++)
        {
            json.Write(i == 0 ? "[{\"name\":"u8 : ",{\"name\":"u8);
            WriteString(attributes[i].Name);
            WriteName("value"u8);
            WriteString(Convert.ToBase64String(attributes[i].Value));
            json.Write("}"u8);
        }

        json.Write("]"u8);
    }

    private void WriteContent(IReadOnlyList<ObjectId>? content)
    {
        WriteName("content"u8);
        if (content is null)
        {
            json.Write("null"u8);
            return;
        }

        json.Write("["u8);
        for (var i = 0; i < content.Count; i++)
        {
            json.Write(i == 0 ? ""u8 : ","u8);
            WriteId(content[i]);
        }

        json.Write("]"u8);
    }

    private void WriteId(ObjectId id)
    {
        Span<byte> bytes = stackalloc byte[ObjectId.Size];
        id.CopyTo(bytes);
        var span = json.GetSpan(2 * ObjectId.Size + 2);
        span[0] = (byte)'"';
        Convert.TryToHexStringLower(bytes, span[1..], out _);
        span[2 * ObjectId.Size + 1] = (byte)'"';
        json.Advance(2 * ObjectId.Size + 2);
    }

    private void WriteString(string value)
    {
        json.Write("\""u8);
        if (!value.AsSpan().ContainsAnyExcept(Simple))
        {
            json.Advance(Encoding.ASCII.GetBytes(value, json.GetSpan(value.Length)));
            json.Write("\""u8);
            return;
        }

        foreach (var rune in value.EnumerateRunes())
        {
            var simple = rune.Value switch
            {
                '"' => "\\\"", '\\' => "\\\\", '\n' => "\\n", '\r' => "\\r", '\t' => "\\t", _ => null,
            };
            // Go escapes these for the sake of HTML and JavaScript; lone surrogates arrive here as U+FFFD, as in Go.
            if (simple is null && rune.Value is < ' ' or '<' or '>' or '&' or 0x2028 or 0x2029)
            {
                simple = $"\\u{rune.Value:x4}";
            }

            if (simple is null)
            {
                json.Advance(rune.EncodeToUtf8(json.GetSpan(4)));
            }
            else
            {
                Encoding.UTF8.GetBytes(simple, json);
            }
        }

        json.Write("\""u8);
    }
}
