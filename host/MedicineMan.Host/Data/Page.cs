using System.Buffers.Text;
using System.Text.Json;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Data;

/// One page of a list, and where the next one starts; no page is ever found by counting rows.
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next)
{
    /// <param name="rows">One row more than <paramref name="size"/>, if there is one: that is how a further page is known.</param>
    public static Page<T> Of(IEnumerable<T> rows, int size, Func<T, Cursor> cursor)
    {
        var items = rows.ToList();
        if (items.Count <= size)
        {
            return new Page<T>(items, null);
        }

        items.RemoveAt(items.Count - 1);
        return new Page<T>(items, cursor(items[^1]).ToString());
    }
}

/// The keys of the last row of a page, opaque to the outside.
internal sealed record Cursor(params string[] Keys)
{
    public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(Keys));

    /// Null for null; a sentence for anything that is not a cursor with so many keys.
    public static Cursor? Parse(string? text, int keys)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        try
        {
            var read = JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(text));
            if (read?.Length == keys && !Array.Exists(read, static key => key is null))
            {
                return new Cursor(read);
            }
        }
        catch (Exception unreadable) when (unreadable is FormatException or JsonException)
        {
            throw Unreadable();
        }

        throw Unreadable();
    }

    public long Number(int key) => long.TryParse(Keys[key], out var number) ? number : throw Unreadable();

    internal static UserFacingException Unreadable() =>
        new("The cursor is not one this list gave out. Start again without it.") { Permanent = true };
}
