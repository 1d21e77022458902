using System.Security.Cryptography;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// Keys that sign packages and registries: ECDSA on P-256, written as PEM, named by the SHA-256 of the public half.
internal static class PackageKey
{
    public const string Algorithm = "ecdsa-p256-sha256";

    private const DSASignatureFormat Form = DSASignatureFormat.IeeeP1363FixedFieldConcatenation;

    public static string NewPem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    /// <exception cref="UserFacingException">It is no such private key.</exception>
    public static ECDsa FromPem(string pem, string file)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            _ = key.ExportParameters(includePrivateParameters: true);
            return key.KeySize == 256 ? key : throw new CryptographicException($"It has {key.KeySize} bits instead of 256.");
        }
        catch (Exception wrong) when (wrong is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new UserFacingException($"{file} holds no private key on P-256 in PEM form. Make one with: medicineman plugin key new {file}", wrong);
        }
    }

    public static string PublicOf(ECDsa key) => Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());

    public static string Sign(ECDsa key, ReadOnlySpan<byte> text) => Convert.ToBase64String(key.SignData(text, HashAlgorithmName.SHA256, Form));

    /// <returns>False for a wrong signature and for anything that is no key or no signature.</returns>
    public static bool Holds(string publicKey, ReadOnlySpan<byte> text, string signature)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
            return key.KeySize == 256 && key.VerifyData(text, Convert.FromBase64String(signature), HashAlgorithmName.SHA256, Form);
        }
        catch (Exception malformed) when (malformed is FormatException or CryptographicException)
        {
            return false;
        }
    }

    /// What people compare, in the form they know from SSH.
    public static string Fingerprint(string publicKey)
    {
        var bytes = new byte[publicKey.Length];
        return Convert.TryFromBase64String(publicKey, bytes, out var length)
            ? "SHA256:" + Convert.ToBase64String(SHA256.HashData(bytes.AsSpan(0, length))).TrimEnd('=')
            : "no key";
    }
}
