using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Registries;

namespace MedicineMan.Host.Plugins.Packages;

/// A package that somebody sends.
/// <param name="FileName">What its sender calls it: messages name it so, and nothing else is done with it.</param>
/// <param name="Sha256">What its sender says it is; null when he does not.</param>
internal sealed record SentPackage(Stream Content, string? FileName, string? Sha256 = null);

/// A package on its way in: read and unpacked in staging, which goes when this is disposed of, whatever became of it.
/// <param name="called">How messages name it.</param>
internal sealed class StagedPackage(DirectoryInfo staging, Offer? offer, string called) : IDisposable
{
    public Offer? Offer { get; } = offer;

    public string File => Path.Combine(staging.FullName, "package" + PackageForm.Extension);

    public string Folder => Path.Combine(staging.FullName, "files");

    public ReadPackage Package { get; private set; } = null!;

    public async Task Read(CancellationToken cancel)
    {
        Directory.CreateDirectory(Folder);
        Package = await PackageReader.Extract(File, Folder, cancel, called);
    }

    public void Dispose() => staging.Delete(recursive: true);
}

/// Brings packages in, from a registry or as somebody sends them, and reads them. Nothing outside the staging folder is written.
internal sealed class PackageIntake(PackageShelf shelf, RegistryDownload download)
{
    public async Task<StagedPackage> Fetch(Offer offer, CancellationToken cancel)
    {
        var staged = new StagedPackage(shelf.NewStaging(), offer, $"{offer.Plugin.Id}-{offer.Version.Version}{PackageForm.Extension}");
        try
        {
            await download.Package(RegistryPlace.Package(offer.From, offer.Version), offer.From.Place, staged.File, Math.Min(offer.Version.Size, PackageForm.LargestPackage), cancel);
            var (size, hash) = (new FileInfo(staged.File).Length, PackageChecksums.HashOf(staged.File));
            if (size != offer.Version.Size || hash != offer.Version.Sha256)
            {
                throw Mismatch(offer, $"has {size} bytes and the SHA-256 {hash}; the registry says {offer.Version.Size} and {offer.Version.Sha256}");
            }

            await staged.Read(cancel);
            Agree(offer, staged.Package);
            return staged;
        }
        catch
        {
            staged.Dispose();
            throw;
        }
    }

    public async Task<StagedPackage> Take(SentPackage package, CancellationToken cancel)
    {
        var staged = new StagedPackage(shelf.NewStaging(), null, Called(package.FileName));
        try
        {
            await using (var to = new FileStream(staged.File, FileMode.CreateNew))
            {
                await Copy(package.Content, to, cancel);
            }

            if (package.Sha256 is { } sha256 && !string.Equals(PackageChecksums.HashOf(staged.File), sha256, StringComparison.OrdinalIgnoreCase))
            {
                throw new PluginRefusedException(new PluginProblem("MM1047", $"The package that arrived has not the SHA-256 {sha256}.", "It was damaged on the way.", "Send it again."));
            }

            await staged.Read(cancel);
            return staged;
        }
        catch
        {
            staged.Dispose();
            throw;
        }
    }

    private static string Called(string? fileName)
    {
        var name = new string([.. (fileName ?? "").Split('/', '\\')[^1].Where(character => !char.IsControl(character)).Take(100)]);
        return name.Length > 0 ? name : "The package";
    }

    /// The manifest inside the signed package is the truth; a registry that says otherwise is not believed in anything.
    private static void Agree(Offer offer, ReadPackage package)
    {
        var (version, manifest) = (offer.Version, package.Manifest);
        if ((manifest.Id, manifest.Version) != (offer.Plugin.Id, version.Version))
        {
            throw Mismatch(offer, $"holds {manifest.Id} {manifest.Version}; the registry says {offer.Plugin.Id} {version.Version}");
        }

        if (package.Signature is not { } signature || signature.Value != version.Signature || signature.KeyId != version.KeyId)
        {
            throw Mismatch(offer, "has another signature than the registry says");
        }

        if (SdkRange.Parse(version.Sdk) != SdkRange.Parse(manifest.Engine.Sdk))
        {
            throw Mismatch(offer, $"needs the SDK {manifest.Engine.Sdk}; the registry says {version.Sdk}");
        }

        if (version.Capabilities.Count > 0 && manifest.Capabilities.Any(capability => !version.Capabilities.Contains(capability.Name)))
        {
            throw Mismatch(offer, "asks for capabilities that the registry does not name");
        }
    }

    private static async Task Copy(Stream from, Stream to, CancellationToken cancel)
    {
        var (buffer, copied) = (new byte[81920], 0L);
        for (int read; (read = await from.ReadAsync(buffer, cancel)) > 0;)
        {
            copied += read;
            if (copied > PackageForm.LargestPackage)
            {
                throw new PluginRefusedException(PackageProblems.TooLarge("The package"));
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancel);
        }
    }

    private static PluginRefusedException Mismatch(Offer offer, string what) => new(new PluginProblem(
        "MM1047", $"The package of {offer.Plugin.Name} {offer.Version.Version} {what}.", "It is not what the registry vouches for, so nothing of it was installed.", "Refresh the registry and try again; if it stays so, tell those who publish it."));
}
