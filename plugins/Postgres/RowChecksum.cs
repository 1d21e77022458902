using System.Buffers;
using System.Globalization;
using System.IO.Hashing;

namespace MedicineMan.Plugins.Postgres;

/// Counts the rows of COPY's text format as they stream past, and sums their hashes modulo 2^128: the same rows in any order give
/// the same checksum, a changed, lost or doubled row another.
internal sealed class RowChecksum
{
    // Only for rows that lie across buffers; whole ones are hashed where they lie.
    private readonly XxHash128 partial = new();
    private UInt128 sum;

    public long Rows { get; private set; }

    public long Bytes { get; private set; }

    /// True when the last byte was not the end of a row.
    public bool MidRow { get; private set; }

    public string Value => "xxh128sum:" + sum.ToString("x32", CultureInfo.InvariantCulture);

    public void Append(ReadOnlySequence<byte> buffer)
    {
        foreach (var segment in buffer)
        {
            Append(segment.Span);
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Bytes += bytes.Length;
        while (!bytes.IsEmpty)
        {
            // COPY escapes line feeds inside values, so every one of them ends a row.
            var end = bytes.IndexOf((byte)'\n');
            if (end < 0)
            {
                partial.Append(bytes);
                MidRow = true;
                return;
            }

            if (MidRow)
            {
                partial.Append(bytes[..end]);
                sum += partial.GetCurrentHashAsUInt128();
                partial.Reset();
                MidRow = false;
            }
            else
            {
                sum += XxHash128.HashToUInt128(bytes[..end]);
            }

            Rows++;
            bytes = bytes[(end + 1)..];
        }
    }
}
