using System.IO.Compression;
using System.Security.Cryptography;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// Signs a package with its publisher's private key, in place of an earlier signature.
internal static class PackageSigner
{
    /// <param name="keyId">The key's name in the registry; its fingerprint's beginning when nobody says otherwise.</param>
    public static async Task<PackageSignature> Sign(string file, ECDsa key, string? keyId, CancellationToken cancel)
    {
        var staging = Directory.CreateTempSubdirectory("medicineman-sign-").FullName;
        try
        {
            var read = await PackageReader.Extract(file, staging, cancel);
            var checksums = await File.ReadAllBytesAsync(Path.Combine(staging, PackageForm.ChecksumsFile), cancel);
            var publicKey = PackageKey.PublicOf(key);
            var signature = new PackageSignature(read.Manifest.Publisher, keyId ?? PackageKey.Fingerprint(publicKey)[7..19], publicKey, PackageKey.Sign(key, checksums));
            await AddTo(file, signature, cancel);
            return signature;
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    /// Puts a signature into a package as it is, without looking at either.
    public static async Task AddTo(string file, PackageSignature signature, CancellationToken cancel)
    {
        await using var zip = await ZipFile.OpenReadAsync(file, cancel);
        var entries = zip.Entries.Where(entry => entry.FullName != PackageForm.SignatureFile).Select(entry => (entry.FullName, (Func<Stream>)entry.Open)).ToList();
        await PackageWriter.Write(file, [.. entries, (PackageForm.SignatureFile, () => new MemoryStream(signature.Write()))], cancel);
    }
}
