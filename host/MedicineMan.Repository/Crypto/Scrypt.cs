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
    private const long MemoryAtOnce = 128 << 20;

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
        // Two to a core: a mixing waits for one addition after another, and a second one beside it in the same registers costs little.
        var table = (long)n * block;
        var together = 2 * table <= MemoryAtOnce ? 2 : 1;
        var turns = (p + together - 1) / together;
        var cores = (int)Math.Clamp(MemoryAtOnce / (together * table), 1, Math.Min(turns, Environment.ProcessorCount));
        Parallel.For(0, cores, core =>
        {
            for (var turn = core; turn < turns; turn += cores)
            {
                Mix(turn * together, Math.Min((turn + 1) * together, p) - 1);
            }
        });

        return Rfc2898DeriveBytes.Pbkdf2(password, mixed, 1, HashAlgorithmName.SHA256, length);

        // One that is left alone is mixed beside itself, in the same memory.
        void Mix(int one, int other)
        {
            // Not from the collector, which would keep these megabytes for as long as the program runs.
            using var memory = new NativeBuffer(isJumpedAbout: true);
            var tables = MemoryMarshal.Cast<byte, Vector128<uint>>(memory.Take((int)(one == other ? table : 2 * table)).Span);
            MixPair(Words(one), Words(other), tables[..(n * 8 * r)], tables[^(n * 8 * r)..], n, r);
        }

        Span<uint> Words(int i) => MemoryMarshal.Cast<byte, uint>(mixed.AsSpan(i * block, block));
    }

    // Optimised at once, with the copies in it: compiled in a hurry, those took as long as the mixing.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixPair(Span<uint> one, Span<uint> other, Span<Vector128<uint>> table, Span<Vector128<uint>> otherTable, int n, int r)
    {
        var x = new Vector256<uint>[8 * r];
        var y = new Vector256<uint>[8 * r];
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = Vector256.Create(Diagonal(one, i), Diagonal(other, i));
        }

        for (var i = 0; i < n; i++)
        {
            var at = i * x.Length;
            for (var k = 0; k < x.Length; k++)
            {
                table[at + k] = x[k].GetLower();
                otherTable[at + k] = x[k].GetUpper();
            }

            MixBlock(x, y, r);
            (x, y) = (y, x);
        }

        for (var i = 0; i < n; i++)
        {
            var from = table.Slice((int)(x[^4][0] & (uint)(n - 1)) * x.Length, x.Length);
            var otherFrom = otherTable.Slice((int)(x[^4][4] & (uint)(n - 1)) * x.Length, x.Length);
            for (var k = 0; k < x.Length; k++)
            {
                x[k] ^= Vector256.Create(from[k], otherFrom[k]);
            }

            MixBlock(x, y, r);
            (x, y) = (y, x);
        }

        for (var i = 0; i < x.Length; i++)
        {
            for (var k = 0; k < 4; k++)
            {
                one[Place(i, k)] = x[i][k];
                other[Place(i, k)] = x[i][4 + k];
            }
        }
    }

    // Each 16 words go by their diagonals, so that a quarter round works on four lanes at once.
    private static Vector128<uint> Diagonal(ReadOnlySpan<uint> words, int i) =>
        Vector128.Create(words[Place(i, 0)], words[Place(i, 1)], words[Place(i, 2)], words[Place(i, 3)]);

    private static int Place(int vector, int lane) => vector / 4 * 16 + (4 * vector + lane) * 5 % 16;

    // Salsa20/8 from block to block; even results first, odd ones behind them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixBlock(Span<Vector256<uint>> block, Span<Vector256<uint>> mixed, int r)
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
                (b, c, d) = (Turn(b, 3), Turn(c, 2), Turn(d, 1));
                d ^= Rotate(a + b, 7);
                c ^= Rotate(d + a, 9);
                b ^= Rotate(c + d, 13);
                a ^= Rotate(b + c, 18);
                (b, c, d) = (Turn(b, 1), Turn(c, 2), Turn(d, 3));
            }

            var at = 4 * ((i / 2) + ((i & 1) * r));
            mixed[at] = a += startA;
            mixed[at + 1] = b += startB;
            mixed[at + 2] = c += startC;
            mixed[at + 3] = d += startD;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Rotate(Vector256<uint> words, [ConstantExpected] byte by) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateLeft(words, by) : Vector256.ShiftLeft(words, by) | Vector256.ShiftRightLogical(words, 32 - by);

    // The words of both mixings, each turned by so many places within itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Turn(Vector256<uint> words, [ConstantExpected] int places) => places switch
    {
        1 => Vector256.Shuffle(words, Vector256.Create(1u, 2, 3, 0, 5, 6, 7, 4)),
        2 => Vector256.Shuffle(words, Vector256.Create(2u, 3, 0, 1, 6, 7, 4, 5)),
        _ => Vector256.Shuffle(words, Vector256.Create(3u, 0, 1, 2, 7, 4, 5, 6)),
    };
}
