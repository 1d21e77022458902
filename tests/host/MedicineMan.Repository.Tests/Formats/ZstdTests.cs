using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Tests.Formats;

public sealed class ZstdTests
{
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_one_zstd_writes_the_other_reads(bool managedWrites)
    {
        Skip.IfNot(LibZstd.IsThere, "libzstd.so.1 is not installed (Debian package libzstd1).");
        using var writer = new Zstd(managed: managedWrites);
        using var reader = new Zstd(managed: !managedWrites);
        foreach (var level in (int[])[1, 3, 1])
        {
            foreach (var length in (int[])[0, 1, 100, 70_000, 600_000])
            {
                var plain = Text(length);
                var packed = new byte[Zstd.Bound(length)];
                var packedLength = writer.Compress(plain, packed, level);

                var back = new byte[length];
                Assert.Equal(length, reader.Decompress(packed.AsSpan(0, packedLength), back));
                Assert.Equal(plain, back);
            }
        }
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_cut_short_or_does_not_fit_is_refused(bool managed)
    {
        Skip.IfNot(managed || LibZstd.IsThere, "libzstd.so.1 is not installed (Debian package libzstd1).");
        using var zstd = new Zstd(managed);
        var plain = Text(70_000);
        var packed = new byte[Zstd.Bound(plain.Length)];
        var length = zstd.Compress(plain, packed, 1);

        Assert.Equal(-1, zstd.Decompress(packed.AsSpan(0, length - 1), new byte[plain.Length]));
        Assert.Equal(-1, zstd.Decompress(packed.AsSpan(0, length), new byte[plain.Length - 1]));
        // A refusal leaves nothing behind.
        Assert.Equal(plain.Length, zstd.Decompress(packed.AsSpan(0, length), new byte[plain.Length]));
    }

    private static byte[] Text(int length) => [.. Enumerable.Range(0, length).Select(at => (byte)"a row of text\t"[at * 7 % 14 ^ (at >> 9 & 1)])];
}
