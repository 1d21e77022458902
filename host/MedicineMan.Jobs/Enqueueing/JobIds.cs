using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Enqueueing;

/// The ids of jobs: version 7 of RFC 9562, where those of one millisecond count on from one that is chosen by lot.
/// So jobs that are put into a queue one after another run and are listed in that order, and each lands at the end of its indexes, where a database has the least to do.
internal sealed class JobIds
{
    // So much a clock may be put back, in milliseconds, before ids follow it: they carry the time, by which jobs are looked for.
    private const long PutBack = 1000;

    private static readonly UInt128 FixedBits = new(0xffff_ffff_ffff_f000, 0xc000_0000_0000_0000);

    // Left at nought in the first of a millisecond, so that counting never reaches the bits that are fixed.
    private static readonly UInt128 Room = new(0, 0x2000_0000_0000_0000);

    private readonly Lock door = new();
    private long millisecond = long.MinValue;
    private UInt128 last;

    public string New(DateTimeOffset now) => New(now, 1).First();

    public IEnumerable<string> New(DateTimeOffset now, int count)
    {
        var first = Take(now.Milliseconds(), count);
        return Enumerable.Range(0, count).Select(place => (first + (UInt128)place).ToString("x32", CultureInfo.InvariantCulture));
    }

    private UInt128 Take(long now, int count)
    {
        lock (door)
        {
            if (now > millisecond || now < millisecond - PutBack)
            {
                (millisecond, last) = (now, Lot(now));
            }

            var first = last + 1;
            last += (UInt128)count;
            return first;
        }
    }

    private static UInt128 Lot(long now)
    {
        UInt128 lot = default;
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(new Span<UInt128>(ref lot)));
        return (lot & ~FixedBits & ~Room) | new UInt128(((ulong)now << 16) | 0x7000, 0x8000_0000_0000_0000);
    }
}
