using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace MedicineMan.Repository.Crypto;

/// <summary>The Poly1305 one-time authenticator (RFC 8439, 2.5) on 64-bit limbs: four multiplications for each 16 bytes.</summary>
/// <remarks>The BCL offers Poly1305 only bound to ChaCha20; the repository format binds it to AES.</remarks>
internal static class Poly1305
{
    public const int TagSize = 16;

    private const ulong ClampLow = 0x0ffffffc0fffffff;
    private const ulong ClampHigh = 0x0ffffffc0ffffffc;

    /// <summary>Writes the tag of a message under a key of 16 bytes <c>r</c> and 16 bytes <c>s</c>, which is used for this message only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tag(ReadOnlySpan<byte> r, ReadOnlySpan<byte> s, ReadOnlySpan<byte> message, Span<byte> tag)
    {
        var r0 = BinaryPrimitives.ReadUInt64LittleEndian(r) & ClampLow;
        var r1 = BinaryPrimitives.ReadUInt64LittleEndian(r[8..]) & ClampHigh;
        // r1 is a multiple of four, so multiplying by 5 · 2^-2 stays whole: that folds 2^130 back in.
        var s1 = r1 + (r1 >> 2);
        ulong h0 = 0, h1 = 0, h2 = 0;
        if (Poly1305Lanes.Pays(message.Length))
        {
            AbsorbLanes(ref h0, ref h1, ref h2, r0, r1, message);
            message = message[(message.Length / Poly1305Lanes.Stride * Poly1305Lanes.Stride)..];
        }

        while (message.Length >= 16)
        {
            Absorb(ref h0, ref h1, ref h2, BinaryPrimitives.ReadUInt64LittleEndian(message), BinaryPrimitives.ReadUInt64LittleEndian(message[8..]), 1);
            Multiply(ref h0, ref h1, ref h2, r0, r1, s1);
            message = message[16..];
        }

        if (message.Length > 0)
        {
            Span<byte> last = stackalloc byte[16];
            last.Clear();
            message.CopyTo(last);
            last[message.Length] = 1;
            Absorb(ref h0, ref h1, ref h2, BinaryPrimitives.ReadUInt64LittleEndian(last), BinaryPrimitives.ReadUInt64LittleEndian(last[8..]), 0);
            Multiply(ref h0, ref h1, ref h2, r0, r1, s1);
        }

        Finish(h0, h1, h2, s, tag);
    }

    private static void AbsorbLanes(ref ulong h0, ref ulong h1, ref ulong h2, ulong r0, ulong r1, ReadOnlySpan<byte> message)
    {
        Span<ulong> powers = stackalloc ulong[12];
        var (low, high, top) = (r0, r1, 0UL);
        for (var power = powers; power.Length > 0; power = power[3..])
        {
            (power[0], power[1], power[2]) = (low, high, top);
            Multiply(ref low, ref high, ref top, r0, r1, r1 + (r1 >> 2));
        }

        Span<ulong> h = stackalloc ulong[3];
        Poly1305Lanes.Absorb(powers, message, h);
        (h0, h1, h2) = (h[0], h[1], h[2]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Absorb(ref ulong h0, ref ulong h1, ref ulong h2, ulong low, ulong high, ulong top)
    {
        h0 += low;
        var carry = h0 < low ? 1UL : 0;
        var sum = (UInt128)h1 + high + carry;
        h1 = (ulong)sum;
        h2 += (ulong)(sum >> 64) + top;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(ref ulong h0, ref ulong h1, ref ulong h2, ulong r0, ulong r1, ulong s1)
    {
        var highA = Math.BigMul(h0, r0, out var lowA);
        var highB = Math.BigMul(h1, s1, out var lowB);
        var low0 = lowA + lowB;
        var high0 = highA + highB + (low0 < lowA ? 1UL : 0);

        var highC = Math.BigMul(h0, r1, out var lowC);
        var highD = Math.BigMul(h1, r0, out var lowD);
        var low1 = lowC + lowD;
        var high1 = highC + highD + (low1 < lowC ? 1UL : 0);
        var extra = h2 * s1;
        low1 += extra;
        high1 += low1 < extra ? 1UL : 0;

        low1 += high0;
        high1 += low1 < high0 ? 1UL : 0;
        var top = h2 * r0 + high1;

        var fold = (top >> 2) + (top & ~3UL);
        h0 = low0 + fold;
        var carry = h0 < fold ? 1UL : 0;
        h1 = low1 + carry;
        h2 = (top & 3) + (h1 < carry ? 1UL : 0);
    }

    private static void Finish(ulong h0, ulong h1, ulong h2, ReadOnlySpan<byte> s, Span<byte> tag)
    {
        // Subtracts 2^130 - 5 once if that leaves no borrow, without a branch on secret values.
        var g0 = h0 + 5;
        var carry = g0 < 5 ? 1UL : 0;
        var g1 = h1 + carry;
        carry = g1 < carry ? 1UL : 0;
        var mask = 0UL - ((h2 + carry) >> 2);
        h0 = (h0 & ~mask) | (g0 & mask);
        h1 = (h1 & ~mask) | (g1 & mask);

        var sum = new UInt128(h1, h0) + BinaryPrimitives.ReadUInt128LittleEndian(s);
        BinaryPrimitives.WriteUInt128LittleEndian(tag, sum);
    }
}
