using System.ComponentModel.DataAnnotations;
using MedicineMan.Host.Data;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api.Contract;

/// How every list is read: <c>?after=</c> with the cursor of the page before, and how many.
internal sealed record Paging
{
    [FromQuery(Name = "after"), StringLength(1000, ErrorMessage = "The cursor is not one this list gave out.")]
    public string? After { get; init; }

    [FromQuery(Name = "size"), Range(1, 200, ErrorMessage = "A page holds 1 to 200.")]
    public int? Size { get; init; }

    public int Rows => Size ?? 50;
}

/// One page of a list.
/// <param name="Next">Cursor of the next page; null on the last one.</param>
internal sealed record ListOf<T>(IReadOnlyList<T> Items, string? Next);

internal static class Lists
{
    /// A page of what is in memory anyway, by a key that no two have.
    public static Page<T> By<T>(IEnumerable<T> all, Paging paging, Func<T, string> key)
    {
        var after = Cursor.Parse(paging.After, 1)?.Keys[0];
        var rows = all.OrderBy(key, StringComparer.Ordinal).SkipWhile(one => after is not null && string.CompareOrdinal(key(one), after) <= 0).Take(paging.Rows + 1);
        return Page<T>.Of(rows, paging.Rows, one => new Cursor(key(one)));
    }

    public static ListOf<T> Of<TRow, T>(Page<TRow> page, Func<TRow, T> item) => new([.. page.Items.Select(item)], page.Next);
}
