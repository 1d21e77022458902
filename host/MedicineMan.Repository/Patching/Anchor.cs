using System.Buffers.Binary;
using System.Numerics;

namespace MedicineMan.Repository.Patching;

/// <summary>
/// A fingerprint of the bytes before a block's end. Blocks end where the content says so, so equal content has equal anchors, also where each block
/// holds a changed row: that is how parts find what they were before.
/// </summary>
internal static class Anchor
{
    // About a row: a longer one would be changed more often, a shorter one would stand in more than one place.
    private const int Length = 128;

    public static ulong Of(ReadOnlySpan<byte> endingHere)
    {
        var bytes = endingHere.Length > Length ? endingHere[^Length..] : endingHere;
        var hash = (ulong)bytes.Length;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            hash = BitOperations.RotateLeft((hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * 0x9E3779B97F4A7C15, 29);
        }

        foreach (var one in bytes)
        {
            hash = (hash ^ one) * 0x100000001B3;
        }

        return hash ^ (hash >> 32);
    }
}
