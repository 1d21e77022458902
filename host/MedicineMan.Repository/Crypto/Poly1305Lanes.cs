using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MedicineMan.Repository.Crypto;

/// <summary>
/// Poly1305 over four blocks at once, each lane going on by the fourth power of the key, in limbs of 26 bits. It measured three times as fast as one block
/// after the other, whose multiplications wait for each other.
/// </summary>
internal static class Poly1305Lanes
{
    public const int Stride = 64;

    private const ulong Limb = 0x3ffffff;

    // Below this the powers cost more than the lanes save.
    private const int Smallest = 4 * Stride;

    public static bool Pays(int length) => Avx2.IsSupported && length >= Smallest;

    /// <summary>Takes in whole strides of a message's start.</summary>
    /// <param name="powers">The key to the first, second, third and fourth power, three words each.</param>
    /// <param name="message">As many whole strides as it has are taken, at least one.</param>
    /// <param name="h">Takes the accumulator, in three words.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Absorb(ReadOnlySpan<ulong> powers, ReadOnlySpan<byte> message, Span<ulong> h)
    {
        var strides = MemoryMarshal.Cast<byte, Vector256<ulong>>(message[..(message.Length / Stride * Stride)]);
        var fourth = Power(powers, 3, 3, 3, 3);
        var sum = Load(strides[0], strides[1]);
        for (var i = 2; i < strides.Length; i += 2)
        {
            sum = Add(Multiply(sum, fourth), Load(strides[i], strides[i + 1]));
        }

        // The lanes hold blocks 0, 2, 1 and 3 of each stride.
        Join(Multiply(sum, Power(powers, 3, 1, 2, 0)), h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Load(Vector256<ulong> first, Vector256<ulong> second)
    {
        var limb = Vector256.Create(Limb);
        var (low, high) = (Avx2.UnpackLow(first, second), Avx2.UnpackHigh(first, second));
        // The bit behind each whole block stands in the last limb.
        return new(low & limb, (low >>> 26) & limb, ((low >>> 52) | (high << 12)) & limb, (high >>> 14) & limb, (high >>> 40) | Vector256.Create(1UL << 24));
    }

    private static Lanes Power(ReadOnlySpan<ulong> powers, int a, int b, int c, int d)
    {
        var words = Vector256.Create(powers[3 * a], powers[3 * b], powers[3 * c], powers[3 * d]);
        var high = Vector256.Create(powers[3 * a + 1], powers[3 * b + 1], powers[3 * c + 1], powers[3 * d + 1]);
        var top = Vector256.Create(powers[3 * a + 2], powers[3 * b + 2], powers[3 * c + 2], powers[3 * d + 2]);
        var limb = Vector256.Create(Limb);
        return new(words & limb, (words >>> 26) & limb, ((words >>> 52) | (high << 12)) & limb, (high >>> 14) & limb, (high >>> 40) | (top << 24));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Add(in Lanes left, in Lanes right) => new(left.A + right.A, left.B + right.B, left.C + right.C, left.D + right.D, left.E + right.E);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Multiply(in Lanes h, in Lanes r)
    {
        // What goes past 130 bits comes back in five times.
        var (b5, c5, d5, e5) = (r.B + (r.B << 2), r.C + (r.C << 2), r.D + (r.D << 2), r.E + (r.E << 2));
        var a = Times(h.A, r.A) + Times(h.B, e5) + Times(h.C, d5) + Times(h.D, c5) + Times(h.E, b5);
        var b = Times(h.A, r.B) + Times(h.B, r.A) + Times(h.C, e5) + Times(h.D, d5) + Times(h.E, c5);
        var c = Times(h.A, r.C) + Times(h.B, r.B) + Times(h.C, r.A) + Times(h.D, e5) + Times(h.E, d5);
        var d = Times(h.A, r.D) + Times(h.B, r.C) + Times(h.C, r.B) + Times(h.D, r.A) + Times(h.E, e5);
        var e = Times(h.A, r.E) + Times(h.B, r.D) + Times(h.C, r.C) + Times(h.D, r.B) + Times(h.E, r.A);

        var limb = Vector256.Create(Limb);
        e += d >>> 26;
        d &= limb;
        b += a >>> 26;
        a &= limb;
        var over = e >>> 26;
        a += over + (over << 2);
        e &= limb;
        c += b >>> 26;
        b &= limb;
        d += c >>> 26;
        c &= limb;
        b += a >>> 26;
        a &= limb;
        e += d >>> 26;
        d &= limb;
        return new(a, b, c, d, e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Times(Vector256<ulong> left, Vector256<ulong> right) => Avx2.Multiply(left.AsUInt32(), right.AsUInt32());

    private static void Join(in Lanes lanes, Span<ulong> h)
    {
        var (a, b, c, d, e) = (Vector256.Sum(lanes.A), Vector256.Sum(lanes.B), Vector256.Sum(lanes.C), Vector256.Sum(lanes.D), Vector256.Sum(lanes.E));
        // Twice, because what comes back from the top may go over once more.
        for (var pass = 0; pass < 2; pass++)
        {
            b += a >> 26;
            c += b >> 26;
            d += c >> 26;
            e += d >> 26;
            a = (a & Limb) + 5 * (e >> 26);
            (b, c, d, e) = (b & Limb, c & Limb, d & Limb, e & Limb);
        }

        b += a >> 26;
        c += b >> 26;
        d += c >> 26;
        e += d >> 26;
        (a, b, c, d) = (a & Limb, b & Limb, c & Limb, d & Limb);
        h[0] = a | (b << 26) | (c << 52);
        h[1] = (c >> 12) | (d << 14) | (e << 40);
        h[2] = e >> 24;
    }

    private readonly record struct Lanes(Vector256<ulong> A, Vector256<ulong> B, Vector256<ulong> C, Vector256<ulong> D, Vector256<ulong> E);
}
