using System.Security.Cryptography;

namespace MedicineMan.Host.Secrets;

/// The key above all keys. Its id names it in every ciphertext and is derived from it, so that a wrong file shows at once.
internal sealed class MasterKey
{
    private readonly byte[] bytes;

    public MasterKey(byte[] bytes)
    {
        this.bytes = bytes.Length == SealedBox.KeySize ? bytes : throw new ArgumentException("A master key has 32 bytes.", nameof(bytes));
        var digest = SHA256.HashData([.. "medicineman master key"u8, .. bytes]);
        Id = "mk-" + Convert.ToHexStringLower(digest.AsSpan(0, 6));
        Fingerprint = string.Join('-', Convert.ToHexString(digest.AsSpan(6, 12)).Chunk(4).Select(four => new string(four)));
    }

    public string Id { get; }

    /// For people to compare, six groups of four.
    public string Fingerprint { get; }

    public ReadOnlySpan<byte> Bytes => bytes;

    /// The form it has in the file, the environment and the recovery kit.
    public string ToText() => Convert.ToBase64String(bytes);

    /// A key of its own for one purpose; who has it learns nothing of this one.
    public byte[] Derive(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, bytes, SealedBox.KeySize, info: System.Text.Encoding.UTF8.GetBytes("medicineman " + purpose));

    /// The second password of every backup repository. It stands in the recovery kit, so that the kit and stock restic are enough to get the
    /// backups back: 160 bits in groups of four.
    public string RecoveryPassword => string.Join('-', Convert.ToHexStringLower(Derive("recovery password").AsSpan(0, 20)).Chunk(4).Select(four => new string(four)));

    public static MasterKey Generate() => new(RandomNumberGenerator.GetBytes(SealedBox.KeySize));

    public static bool TryParse(string text, out MasterKey? key)
    {
        var bytes = new byte[SealedBox.KeySize];
        key = Convert.TryFromBase64String(text.Trim(), bytes, out var written) && written == bytes.Length ? new MasterKey(bytes) : null;
        return key is not null;
    }
}
