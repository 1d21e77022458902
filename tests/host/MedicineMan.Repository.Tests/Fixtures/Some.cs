using System.Globalization;
using System.Text;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>Content for tests, the same at every run.</summary>
internal static class Some
{
    public static byte[] Noise(int bytes, int seed = 1)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    public static byte[] Rows(int rows, int seed = 1)
    {
        var random = new Random(seed);
        var text = new StringBuilder("COPY public.orders (id, customer, placed, note) FROM stdin;\n");
        for (var i = 0; i < rows; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{i}\t{random.Next(100_000)}\t2026-01-{random.Next(1, 29):D2} 12:00:00\tnote {random.Next():x8}\n");
        }

        return Encoding.ASCII.GetBytes(text.Append("\\.\n").ToString());
    }

    /// <summary>A large table, made quickly: rows of about 100 bytes, of which every n-th can be another one.</summary>
    public static byte[] Table(int bytes, int changeEvery = 0, int seed = 1, int firstRow = 0)
    {
        var table = new byte[bytes];
        var at = 0;
        Span<byte> row = stackalloc byte[128];
        for (var id = firstRow; at < bytes; id++)
        {
            // Cheaper than a generator for each row.
            var noise = (ulong)(changeEvery > 0 && id % changeEvery == 0 ? id + 1_000_000_000L * seed : id) * 0x9E3779B97F4A7C15;
            noise = (noise ^ (noise >> 29)) * 0xBF58476D1CE4E5B9;
            System.Text.Unicode.Utf8.TryWrite(row, CultureInfo.InvariantCulture, $"{id}\t{noise % 100_000}\t{noise:x}\tsome words that are in every row of it and compress well\t{noise >> 40}\n", out var length);
            row[..Math.Min(length, bytes - at)].CopyTo(table.AsSpan(at));
            at += length;
        }

        return table;
    }
}
