using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;

namespace MedicineMan.Repository.Tests.Reference;

/// <summary>AES-256 in counter mode with Poly1305-AES behind it, straight from the format's description: IV, ciphertext, MAC.</summary>
internal sealed class ReferenceCipher : IDisposable
{
    private static readonly BigInteger Prime = BigInteger.Pow(2, 130) - 5;
    private static readonly BigInteger Two128 = BigInteger.Pow(2, 128);

    private readonly Aes cipher = Aes.Create();
    private readonly Aes nonceCipher = Aes.Create();
    private readonly BigInteger r;

    private ReferenceCipher(ReadOnlySpan<byte> encrypt, ReadOnlySpan<byte> macK, ReadOnlySpan<byte> macR)
    {
        cipher.Key = encrypt.ToArray();
        nonceCipher.Key = macK.ToArray();
        var masked = macR.ToArray();
        foreach (var at in (int[])[3, 7, 11, 15])
        {
            masked[at] &= 15;
        }

        foreach (var at in (int[])[4, 8, 12])
        {
            masked[at] &= 252;
        }

        r = new BigInteger(masked, isUnsigned: true);
    }

    /// <summary>The repository's cipher out of a key file, or null when the password does not open it.</summary>
    public static ReferenceCipher? FromKeyFile(byte[] file, byte[] password)
    {
        var slot = JsonDocument.Parse(file).RootElement;
        if (slot.GetProperty("kdf").GetString() != "scrypt")
        {
            return null;
        }

        var user = ReferenceScrypt.Derive(
            password, slot.GetProperty("salt").GetBytesFromBase64(),
            slot.GetProperty("N").GetInt32(), slot.GetProperty("r").GetInt32(), slot.GetProperty("p").GetInt32(), 64);
        using var opener = new ReferenceCipher(user.AsSpan(0, 32), user.AsSpan(32, 16), user.AsSpan(48, 16));
        if (opener.Open(slot.GetProperty("data").GetBytesFromBase64()) is not { } plain)
        {
            return null;
        }

        var master = JsonDocument.Parse(plain).RootElement;
        var mac = master.GetProperty("mac");
        return new ReferenceCipher(
            master.GetProperty("encrypt").GetBytesFromBase64(), mac.GetProperty("k").GetBytesFromBase64(), mac.GetProperty("r").GetBytesFromBase64());
    }

    /// <summary>Null when the MAC is not the one these bytes have under this key.</summary>
    public byte[]? Open(ReadOnlySpan<byte> stored)
    {
        if (stored.Length < 32)
        {
            return null;
        }

        var iv = stored[..16];
        var body = stored[16..^16];
        return stored[^16..].SequenceEqual(Mac(iv, body)) ? Counter(iv, body) : null;
    }

    public void Dispose()
    {
        cipher.Dispose();
        nonceCipher.Dispose();
    }

    private byte[] Mac(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> message)
    {
        var sum = BigInteger.Zero;
        Span<byte> block = stackalloc byte[17];
        for (; message.Length > 0; message = message[Math.Min(16, message.Length)..])
        {
            block.Clear();
            var length = Math.Min(16, message.Length);
            message[..length].CopyTo(block);
            block[length] = 1;
            sum = (sum + new BigInteger(block, isUnsigned: true)) * r % Prime;
        }

        sum = (sum + new BigInteger(nonceCipher.EncryptEcb(iv, PaddingMode.None), isUnsigned: true)) % Two128;
        var mac = new byte[16];
        sum.TryWriteBytes(mac, out _, isUnsigned: true);
        return mac;
    }

    private byte[] Counter(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> body)
    {
        var counters = new byte[(body.Length + 15) / 16 * 16];
        var counter = iv.ToArray();
        for (var at = 0; at < counters.Length; at += 16)
        {
            counter.CopyTo(counters, at);
            for (var digit = 15; digit >= 0 && ++counter[digit] == 0; digit--)
            {
                // Carries into the next digit.
            }
        }

        var stream = cipher.EncryptEcb(counters, PaddingMode.None);
        var plain = new byte[body.Length];
        for (var i = 0; i < plain.Length; i++)
        {
            plain[i] = (byte)(body[i] ^ stream[i]);
        }

        return plain;
    }
}
