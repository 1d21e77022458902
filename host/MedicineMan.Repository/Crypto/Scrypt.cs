using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MedicineMan.Repository.Crypto;

/// <summary>The scrypt key derivation (RFC 7914). The BCL has none, and a library of megabytes for one function does not pay.</summary>
internal static class Scrypt
{
    // A key document comes from the storage: what it asks for must not exhaust the machine.
    private const long MemoryLimit = 1L << 30;

    public static bool AreSane(int n, int r, int p) =>
        n > 1 && BitOperations.IsPow2(n) && r is > 0 and <= 1024 && p is > 0 and <= 1024 && 128L * n * r <= MemoryLimit;

    public static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int n, int r, int p, int length)
    {
        if (!AreSane(n, r, p))
        {
            throw new ArgumentOutOfRangeException(nameof(n), "These scrypt parameters are out of bounds.");
        }

        var block = 128 * r;
        var mixed = Rfc2898DeriveBytes.Pbkdf2(password, salt, 1, HashAlgorithmName.SHA256, p * block);
        var table = new uint[32 * n * r];
        for (var i = 0; i < p; i++)
        {
            Mix(MemoryMarshal.Cast<byte, uint>(mixed.AsSpan(i * block, block)), table, n, r);
        }

        return Rfc2898DeriveBytes.Pbkdf2(password, mixed, 1, HashAlgorithmName.SHA256, length);
    }

    private static void Mix(Span<uint> x, uint[] table, int n, int r)
    {
        var words = 32 * r;
        var y = new uint[words];
        for (var i = 0; i < n; i++)
        {
            x.CopyTo(table.AsSpan(i * words));
            MixBlock(x, y, r);
        }

        for (var i = 0; i < n; i++)
        {
            var j = (int)(x[words - 16] & (uint)(n - 1));
            XorInto(x, table.AsSpan(j * words, words));
            MixBlock(x, y, r);
        }
    }

    private static void MixBlock(Span<uint> block, Span<uint> scratch, int r)
    {
        Span<uint> x = stackalloc uint[16];
        block[^16..].CopyTo(x);
        for (var i = 0; i < 2 * r; i++)
        {
            XorInto(x, block.Slice(16 * i, 16));
            Salsa20Core8(x);
            // Even results first, odd ones behind them.
            x.CopyTo(scratch[(16 * ((i / 2) + ((i & 1) * r)))..]);
        }

        scratch.CopyTo(block);
    }

    private static void XorInto(Span<uint> destination, ReadOnlySpan<uint> source)
    {
        var to = MemoryMarshal.Cast<uint, Vector<uint>>(destination);
        var from = MemoryMarshal.Cast<uint, Vector<uint>>(source);
        for (var i = 0; i < from.Length; i++)
        {
            to[i] ^= from[i];
        }
    }

    private static void Salsa20Core8(Span<uint> b)
    {
        uint x0 = b[0], x1 = b[1], x2 = b[2], x3 = b[3], x4 = b[4], x5 = b[5], x6 = b[6], x7 = b[7];
        uint x8 = b[8], x9 = b[9], x10 = b[10], x11 = b[11], x12 = b[12], x13 = b[13], x14 = b[14], x15 = b[15];
        for (var round = 0; round < 4; round++)
        {
            Quarter(ref x0, ref x4, ref x8, ref x12);
            Quarter(ref x5, ref x9, ref x13, ref x1);
            Quarter(ref x10, ref x14, ref x2, ref x6);
            Quarter(ref x15, ref x3, ref x7, ref x11);
            Quarter(ref x0, ref x1, ref x2, ref x3);
            Quarter(ref x5, ref x6, ref x7, ref x4);
            Quarter(ref x10, ref x11, ref x8, ref x9);
            Quarter(ref x15, ref x12, ref x13, ref x14);
        }

        b[0] += x0; b[1] += x1; b[2] += x2; b[3] += x3; b[4] += x4; b[5] += x5; b[6] += x6; b[7] += x7;
        b[8] += x8; b[9] += x9; b[10] += x10; b[11] += x11; b[12] += x12; b[13] += x13; b[14] += x14; b[15] += x15;
    }

    private static void Quarter(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        b ^= BitOperations.RotateLeft(a + d, 7);
        c ^= BitOperations.RotateLeft(b + a, 9);
        d ^= BitOperations.RotateLeft(c + b, 13);
        a ^= BitOperations.RotateLeft(d + c, 18);
    }
}
