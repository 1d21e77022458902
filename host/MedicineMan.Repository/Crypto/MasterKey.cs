using System.Security.Cryptography;

namespace MedicineMan.Repository.Crypto;

/// <summary>What encrypts and authenticates: 32 bytes for AES-256 and 16 + 16 bytes for Poly1305-AES. A password's key and the repository's key have one shape.</summary>
internal sealed record MasterKey
{
    public const int Size = 64;

    public required byte[] Encrypt { get; init; }

    public required byte[] MacK { get; init; }

    public required byte[] MacR { get; init; }

    public static MasterKey Random() => FromBytes(RandomNumberGenerator.GetBytes(Size));

    /// <summary>From the 64 bytes that a password yields.</summary>
    public static MasterKey FromBytes(ReadOnlySpan<byte> bytes) => new()
    {
        Encrypt = bytes[..32].ToArray(),
        MacK = bytes[32..48].ToArray(),
        MacR = bytes[48..64].ToArray(),
    };

    // An all-zero part means a damaged key document, and would encrypt with a key anybody knows.
    public bool IsUsable => Encrypt.Length == 32 && MacK.Length == 16 && MacR.Length == 16
        && Encrypt.AsSpan().ContainsAnyExcept((byte)0) && MacK.AsSpan().ContainsAnyExcept((byte)0) && MacR.AsSpan().ContainsAnyExcept((byte)0);

    // A record would print its bytes.
    public override string ToString() => nameof(MasterKey);
}
