using System.Buffers;
using System.Collections.Concurrent;

namespace MedicineMan.Repository.Reading;

/// <summary>
/// The buffers of a reader. The shared pool keeps a large one for each thread that ever returned one; here there are as many as were in use at once.
/// </summary>
internal sealed class BlockBuffers
{
    /// <summary>The length of a large one. Not a power of two, so that none of the shared pool is taken for one of these.</summary>
    public const int Large = (4 << 20) - 64;

    private const int SharedBelow = 1 << 20;

    private readonly ConcurrentBag<byte[]> large = [];

    public byte[] Rent(int length) => length switch
    {
        > SharedBelow and <= Large => large.TryTake(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(Large),
        _ => ArrayPool<byte>.Shared.Rent(length),
    };

    public void Return(byte[] buffer)
    {
        if (buffer.Length == Large)
        {
            large.Add(buffer);
        }
        else
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
