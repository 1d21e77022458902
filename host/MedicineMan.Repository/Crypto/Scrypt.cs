using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Crypto;

/// <summary>The scrypt key derivation (RFC 7914). The BCL has none, and a library of megabytes for one function does not pay.</summary>
internal static class Scrypt
{
    // A key document comes from the storage: what it asks for must not exhaust the machine.
    private const long MemoryLimit = 1L << 30;

    // Nor its patience: this much mixing takes about a quarter of a minute, some forty times what anybody writes.
    private const long WorkLimit = 1L << 32;

    // Every start of a command waits for this: the p mixings, which know nothing of each other, go side by side as far as memory is small change.
    private const long MemoryAtOnce = 64 << 20;

    public static bool AreSane(int n, int r, int p) =>
        n > 1 && BitOperations.IsPow2(n) && r is > 0 and <= 1024 && p is > 0 and <= 1024 && 128L * n * r <= MemoryLimit && 128L * n * r * p <= WorkLimit;

    public static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int n, int r, int p, int length)
    {
        if (!AreSane(n, r, p))
        {
            throw new ArgumentOutOfRangeException(nameof(n), "These scrypt parameters are out of bounds.");
        }

        var block = 128 * r;
        var mixed = Rfc2898DeriveBytes.Pbkdf2(password, salt, 1, HashAlgorithmName.SHA256, p * block);
        var lanes = (int)Math.Clamp(MemoryAtOnce / ((long)n * block), 1, Math.Min(p, Environment.ProcessorCount));
        Parallel.For(0, lanes, lane =>
        {
            // Not from the collector, which would keep these megabytes for as long as the program runs.
            using var table = new NativeBuffer(isJumpedAbout: true);
            var entries = MemoryMarshal.Cast<byte, Vector128<uint>>(table.Take(n * block).Span);
            for (var i = lane; i < p; i += lanes)
            {
                Mix(MemoryMarshal.Cast<byte, uint>(mixed.AsSpan(i * block, block)), entries, n, r);
            }
        });

        return Rfc2898DeriveBytes.Pbkdf2(password, mixed, 1, HashAlgorithmName.SHA256, length);
    }

    // Optimised at once, with the copies in it: compiled in a hurry, those took as long as the mixing.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(Span<uint> words, Span<Vector128<uint>> table, int n, int r)
    {
        var x = new Vector128<uint>[8 * r];
        var scratch = new Vector128<uint>[8 * r];
        Reorder(words, MemoryMarshal.Cast<Vector128<uint>, uint>(x.AsSpan()), toDiagonals: true);
        for (var i = 0; i < n; i++)
        {
            x.CopyTo(table[(i * x.Length)..]);
            MixBlock(x, scratch, r);
        }

        for (var i = 0; i < n; i++)
        {
            var j = (int)(x[^4][0] & (uint)(n - 1));
            XorInto(x, table.Slice(j * x.Length, x.Length));
            MixBlock(x, scratch, r);
        }

        Reorder(MemoryMarshal.Cast<Vector128<uint>, uint>(x.AsSpan()), words, toDiagonals: false);
    }

    // Each 16 words go by their diagonals, so that a quarter round works on four lanes at once.
    private static void Reorder(ReadOnlySpan<uint> from, Span<uint> to, bool toDiagonals)
    {
        for (var i = 0; i < from.Length; i++)
        {
            var diagonal = i / 16 * 16 + i * 5 % 16;
            to[toDiagonals ? i : diagonal] = from[toDiagonals ? diagonal : i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void XorInto(Span<Vector128<uint>> destination, ReadOnlySpan<Vector128<uint>> source)
    {
        for (var i = 0; i < source.Length; i++)
        {
            destination[i] ^= source[i];
        }
    }

    // Salsa20/8 from block to block; even results first, odd ones behind them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixBlock(Span<Vector128<uint>> block, Span<Vector128<uint>> scratch, int r)
    {
        var (a, b, c, d) = (block[^4], block[^3], block[^2], block[^1]);
        for (var i = 0; i < 2 * r; i++)
        {
            var (startA, startB, startC, startD) = (a ^= block[4 * i], b ^= block[4 * i + 1], c ^= block[4 * i + 2], d ^= block[4 * i + 3]);
            for (var round = 0; round < 4; round++)
            {
                b ^= Rotate(a + d, 7);
                c ^= Rotate(b + a, 9);
                d ^= Rotate(c + b, 13);
                a ^= Rotate(d + c, 18);
                b = Vector128.Shuffle(b, Vector128.Create(3u, 0, 1, 2));
                c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
                d = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 0));
                d ^= Rotate(a + b, 7);
                c ^= Rotate(d + a, 9);
                b ^= Rotate(c + d, 13);
                a ^= Rotate(b + c, 18);
                b = Vector128.Shuffle(b, Vector128.Create(1u, 2, 3, 0));
                c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
                d = Vector128.Shuffle(d, Vector128.Create(3u, 0, 1, 2));
            }

            var at = 4 * ((i / 2) + ((i & 1) * r));
            scratch[at] = a += startA;
            scratch[at + 1] = b += startB;
            scratch[at + 2] = c += startC;
            scratch[at + 3] = d += startD;
        }

        scratch.CopyTo(block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> words, [ConstantExpected] byte by) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateLeft(words, by) : Vector128.ShiftLeft(words, by) | Vector128.ShiftRightLogical(words, 32 - by);
}
