using System.Buffers;
using System.Runtime.InteropServices;

namespace MedicineMan.Repository.Reading;

/// <summary>
/// A large buffer that is given back to the system at once. Pools keep one for each thread that ever returned one, which measured three times the
/// memory; the collector would keep several alive until it finds time.
/// </summary>
/// <param name="isJumpedAbout">It is large and read here and there: the system then gives pages of two megabytes where it has them, which spares most of the faults and misses.</param>
internal sealed unsafe partial class NativeBuffer(bool isJumpedAbout = false) : MemoryManager<byte>
{
    private const nuint HugePage = 2 << 20;
    private const int WantsHugePages = 14;

    private const int MmapThreshold = -3;
    private const int Large = 1 << 20;

    private byte* start;
    private int capacity;

    static NativeBuffer()
    {
        // Left alone, glibc keeps blocks of up to 32 MiB once a large one was given back, in pieces that the next does not fit into: checking patches
        // peaked at 420 MB so, and at 190 when large blocks come straight from the system.
        if (OperatingSystem.IsLinux())
        {
            try
            {
                _ = mallopt(MmapThreshold, Large);
            }
            catch (EntryPointNotFoundException)
            {
                // Other libraries have no such habit.
            }
        }
    }

    /// <summary>How long a stretch it has room for.</summary>
    public int Capacity => capacity;

    /// <summary>Makes room; what was in it is lost.</summary>
    public Memory<byte> Take(int length)
    {
        if (length > capacity)
        {
            Free();
            start = isJumpedAbout ? Huge((nuint)length) : (byte*)NativeMemory.Alloc((nuint)length);
            capacity = length;
        }

        return Memory[..length];
    }

    public override Span<byte> GetSpan() => new(start, capacity);

    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

    public override void Unpin()
    {
        // Native memory does not move.
    }

    protected override void Dispose(bool disposing)
    {
        Free();
        start = null;
        capacity = 0;
    }

    private void Free()
    {
        if (isJumpedAbout)
        {
            NativeMemory.AlignedFree(start);
        }
        else
        {
            NativeMemory.Free(start);
        }
    }

    private static byte* Huge(nuint length)
    {
        var memory = (byte*)NativeMemory.AlignedAlloc(length, HugePage);
        if (OperatingSystem.IsLinux())
        {
            // A wish: without, it works as well.
            _ = madvise(memory, length, WantsHugePages);
        }

        return memory;
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc")]
    private static partial int madvise(byte* memory, nuint length, int advice);
}
