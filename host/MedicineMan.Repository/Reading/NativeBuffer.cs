using System.Buffers;
using System.Runtime.InteropServices;

namespace MedicineMan.Repository.Reading;

/// <summary>
/// A large buffer that is given back to the system at once. Pools keep one for each thread that ever returned one, which measured three times the
/// memory; the collector would keep several alive until it finds time.
/// </summary>
internal sealed unsafe class NativeBuffer : MemoryManager<byte>
{
    private byte* start;
    private int capacity;

    /// <summary>Makes room; what was in it is lost.</summary>
    public Memory<byte> Take(int length)
    {
        if (length > capacity)
        {
            NativeMemory.Free(start);
            start = (byte*)NativeMemory.Alloc((nuint)length);
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
        NativeMemory.Free(start);
        start = null;
        capacity = 0;
    }
}
