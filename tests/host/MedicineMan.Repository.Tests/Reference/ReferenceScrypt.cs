using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace MedicineMan.Repository.Tests.Reference;

/// <summary>scrypt as RFC 7914 writes it down, word by word and with no thought of speed.</summary>
internal static class ReferenceScrypt
{
    public static byte[] Derive(byte[] password, byte[] salt, int n, int r, int p, int length)
    {
        var blocks = Rfc2898DeriveBytes.Pbkdf2(password, salt, 1, HashAlgorithmName.SHA256, p * 128 * r);
        for (var i = 0; i < p; i++)
        {
            Mix(blocks.AsSpan(i * 128 * r, 128 * r), n, r);
        }

        return Rfc2898DeriveBytes.Pbkdf2(password, blocks, 1, HashAlgorithmName.SHA256, length);
    }

    private static void Mix(Span<byte> block, int n, int r)
    {
        var x = new uint[32 * r];
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = BinaryPrimitives.ReadUInt32LittleEndian(block[(4 * i)..]);
        }

        var v = new uint[n][];
        for (var i = 0; i < n; i++)
        {
            v[i] = [.. x];
            x = BlockMix(x, r);
        }

        for (var i = 0; i < n; i++)
        {
            var chosen = v[x[^16] % (uint)n];
            for (var k = 0; k < x.Length; k++)
            {
                x[k] ^= chosen[k];
            }

            x = BlockMix(x, r);
        }

        for (var i = 0; i < x.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(block[(4 * i)..], x[i]);
        }
    }

    private static uint[] BlockMix(uint[] b, int r)
    {
        var result = new uint[b.Length];
        var x = b[^16..];
        for (var i = 0; i < 2 * r; i++)
        {
            for (var k = 0; k < 16; k++)
            {
                x[k] ^= b[16 * i + k];
            }

            Salsa(x);
            x.CopyTo(result, 16 * (i / 2 + (i % 2) * r));
        }

        return result;
    }

    private static void Salsa(uint[] words)
    {
        uint[] x = [.. words];
        for (var i = 0; i < 4; i++)
        {
            Quarter(x, 0, 4, 8, 12);
            Quarter(x, 5, 9, 13, 1);
            Quarter(x, 10, 14, 2, 6);
            Quarter(x, 15, 3, 7, 11);
            Quarter(x, 0, 1, 2, 3);
            Quarter(x, 5, 6, 7, 4);
            Quarter(x, 10, 11, 8, 9);
            Quarter(x, 15, 12, 13, 14);
        }

        for (var i = 0; i < 16; i++)
        {
            words[i] += x[i];
        }
    }

    private static void Quarter(uint[] x, int a, int b, int c, int d)
    {
        x[b] ^= BitOperations.RotateLeft(x[a] + x[d], 7);
        x[c] ^= BitOperations.RotateLeft(x[b] + x[a], 9);
        x[d] ^= BitOperations.RotateLeft(x[c] + x[b], 13);
        x[a] ^= BitOperations.RotateLeft(x[d] + x[c], 18);
    }
}
