using System.Security.Cryptography;
using System.Text;

namespace MedicineMan.Host.Secrets;

/// AES-256-GCM with the context bound in, so that a sealed value opened in another place does not open.
/// Layout: version 1, 12 bytes nonce, ciphertext, 16 bytes tag.
internal static class SealedBox
{
    public const int KeySize = 32;
    private const byte Version = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <param name="context">
    /// Organisation, kind, id and the name of the key: each with its length, so that no two contexts read alike.
    /// </param>
    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plain, params ReadOnlySpan<string> context)
    {
        var box = new byte[1 + NonceSize + plain.Length + TagSize];
        box[0] = Version;
        var nonce = box.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(nonce, plain, box.AsSpan(1 + NonceSize, plain.Length), box.AsSpan(box.Length - TagSize), Bind(context));
        return box;
    }

    /// <exception cref="CryptographicException">Another key, another context, or changed bytes.</exception>
    public static byte[] Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> box, params ReadOnlySpan<string> context)
    {
        if (box.Length < 1 + NonceSize + TagSize || box[0] != Version)
        {
            throw new CryptographicException("Not a sealed value of a version that this build knows.");
        }

        var plain = new byte[box.Length - 1 - NonceSize - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(box.Slice(1, NonceSize), box.Slice(1 + NonceSize, plain.Length), box[^TagSize..], plain, Bind(context));
        return plain;
    }

    private static byte[] Bind(ReadOnlySpan<string> context)
    {
        var text = new StringBuilder("medicineman");
        foreach (var part in context)
        {
            text.Append('\0').Append(part.Length).Append(':').Append(part);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
