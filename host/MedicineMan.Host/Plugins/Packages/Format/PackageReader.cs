using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Shell;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// A package that is whole and hangs together: every file is named and hashed, a signature over that list holds, and manifest, list and
/// signature speak of the same plugin. Who signed it, and whether to trust him, is for the installer.
/// <param name="Signature">Null when it is not signed.</param>
/// <param name="ChecksumsSha256">Stands for all of its files.</param>
internal sealed record ReadPackage(PluginPackage Package, PackageSignature? Signature, string Sha256, long Size, string ChecksumsSha256)
{
    public PluginManifest Manifest => Package.Manifest;
}

/// Opens packages that may be made to hurt. It writes into an empty staging folder alone, which its caller deletes unless all holds.
internal static class PackageReader
{
    /// <param name="called">How messages name it; the file's own name when left out.</param>
    /// <exception cref="PluginRefusedException">Names every problem of the first step that finds one.</exception>
    public static async Task<ReadPackage> Extract(string file, string staging, CancellationToken cancel, string? called = null)
    {
        var name = called ?? Path.GetFileName(file);
        var size = new FileInfo(file).Length;
        if (size > PackageForm.LargestPackage)
        {
            throw new PluginRefusedException(PackageProblems.TooLarge(name));
        }

        try
        {
            await using var zip = await ZipFile.OpenReadAsync(file, cancel);
            Refuse([.. ArchiveEntries.Faults(zip, name)]);
            var bytes = await Letter(zip, PackageForm.ChecksumsFile, name, cancel) ?? throw new PluginRefusedException(PackageProblems.NotAPackage(name, $"it holds no {PackageForm.ChecksumsFile}."));
            var checksums = PackageChecksums.Read(bytes, name);
            var signature = await Letter(zip, PackageForm.SignatureFile, name, cancel) is { } letter ? PackageSignature.Read(letter, name) : null;
            if (signature is not null && !PackageKey.Holds(signature.PublicKey, bytes, signature.Value))
            {
                throw new PluginRefusedException(PackageProblems.BadSignature(name, $"it does not fit the {PackageForm.ChecksumsFile}."));
            }

            Refuse([.. Unmatched(zip, checksums, name)]);
            await Unpack(zip, checksums, staging, name, cancel);
            var package = PluginPackage.Open(staging);
            Refuse([.. Disagreements(package.Manifest, checksums, signature, name)]);
            PackageCheck.Refuse(package);
            await File.WriteAllBytesAsync(Path.Combine(staging, PackageForm.ChecksumsFile), bytes, cancel);
            return new ReadPackage(package, signature, PackageChecksums.HashOf(file), size, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
        catch (Exception unreadable) when (unreadable is InvalidDataException or IOException and not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new PluginRefusedException(PackageProblems.NotAPackage(name, unreadable.Message));
        }
    }

    private static IEnumerable<PluginProblem> Unmatched(ZipArchive zip, PackageChecksums checksums, string file)
    {
        var there = zip.Entries.Select(entry => entry.FullName).Where(name => !PackageForm.IsLetter(name)).ToHashSet(StringComparer.Ordinal);
        return there.Except(checksums.Files.Keys).Select(name => PackageProblems.NotListed(file, name))
            .Concat(checksums.Files.Keys.Except(there).Select(name => PackageProblems.Absent(file, name)));
    }

    private static IEnumerable<PluginProblem> Disagreements(PluginManifest manifest, PackageChecksums checksums, PackageSignature? signature, string file)
    {
        if ((checksums.Plugin, checksums.Version) != (manifest.Id, manifest.Version))
        {
            yield return PackageProblems.Disagrees($"{file} holds {manifest.Id} {manifest.Version}, and its {PackageForm.ChecksumsFile} names {checksums.Plugin} {checksums.Version}.", "Two names for one thing are a trick or a mistake.");
        }

        if (signature is not null && signature.Publisher != manifest.Publisher)
        {
            yield return PackageProblems.Disagrees($"{file} is by {manifest.Publisher} and signed by {signature.Publisher}.", "A publisher vouches for his own plugins only.");
        }
    }

    private static async Task Unpack(ZipArchive zip, PackageChecksums checksums, string staging, string file, CancellationToken cancel)
    {
        var total = 0L;
        foreach (var entry in zip.Entries.Where(entry => !PackageForm.IsLetter(entry.FullName)))
        {
            var path = Path.Combine(staging, entry.FullName);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using var to = new FileStream(path, FileMode.CreateNew);
            var hash = await Copy(entry, to, PackageForm.LargestTotal - total, file, cancel);
            total += to.Length;
            if (hash != checksums.Files[entry.FullName])
            {
                throw new PluginRefusedException(PackageProblems.WrongHash(file, entry.FullName));
            }
        }
    }

    /// Counts what really comes out, whatever the archive announced.
    private static async Task<string> Copy(ZipArchiveEntry entry, Stream to, long room, string file, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(81920);
        try
        {
            await using var from = await entry.OpenAsync(cancel);
            var copied = 0L;
            for (int read; (read = await from.ReadAsync(buffer, cancel)) > 0;)
            {
                copied += read;
                if (copied > room || ArchiveEntries.Swells(copied, entry.CompressedLength) is not null)
                {
                    throw new PluginRefusedException(PackageProblems.Bomb(file, $"{entry.FullName} does not end at {Size.Text(copied)}"));
                }

                hash.AppendData(buffer, 0, read);
                await to.WriteAsync(buffer.AsMemory(0, read), cancel);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<byte[]?> Letter(ZipArchive zip, string name, string file, CancellationToken cancel)
    {
        if (zip.GetEntry(name) is not { } entry)
        {
            return null;
        }

        using var memory = new MemoryStream();
        await using var from = await entry.OpenAsync(cancel);
        var buffer = new byte[16384];
        for (int read; (read = await from.ReadAsync(buffer, cancel)) > 0;)
        {
            memory.Write(buffer, 0, read);
            if (memory.Length > PackageForm.LargestLetter)
            {
                throw new PluginRefusedException(PackageProblems.Bomb(file, $"{name} has more than {Size.Text(PackageForm.LargestLetter)}"));
            }
        }

        return memory.ToArray();
    }

    private static void Refuse(IReadOnlyList<PluginProblem> problems)
    {
        if (problems.Count > 0)
        {
            throw new PluginRefusedException(problems);
        }
    }
}
