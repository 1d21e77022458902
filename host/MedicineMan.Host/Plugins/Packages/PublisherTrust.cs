using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Plugins.Packages.Registries;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Plugins.Packages;

/// Whether who signed a package may be believed. The first key of a publisher is pinned, from a registry or by a person who compared it; the
/// host's own publishers have the keys in its registry, and nobody else's word counts for them.
internal sealed class PublisherTrust(InstalledPlugins installed, KnownRegistries registries, IOptions<PluginOptions> options, TimeProvider clock)
{
    private static string Compare(string fingerprint) => $"Compare that fingerprint with the one the publisher gives out; if it is the same, install once more and say that you trust it, on the command line with --trust {fingerprint}";

    /// <param name="trusted">The fingerprint a person compared and trusts.</param>
    /// <returns>The key to pin; null for a package without a signature where those are allowed.</returns>
    /// <exception cref="PluginRefusedException">Nobody vouches for the key.</exception>
    public async Task<PublisherPin?> Check(ReadPackage package, Offer? offer, string? trusted, CancellationToken cancel)
    {
        var name = $"{package.Manifest.Name} {package.Manifest.Version}";
        if (package.Signature is not { } signature)
        {
            return options.Value.AllowUnsigned ? null : throw new PluginRefusedException(PackageProblems.Unsigned(name));
        }

        var (publisher, key) = (signature.Publisher, signature.PublicKey);
        var pin = new PublisherPin { Id = publisher, PublicKey = key, Fingerprint = signature.Fingerprint, Source = offer?.From.Id ?? InstalledPlugin.Upload };
        await RefuseWithdrawn(name, pin, cancel);
        if (trusted is not null && trusted != pin.Fingerprint)
        {
            throw Refused("MM1040", $"{name} is signed with the key {pin.Fingerprint}, and not with {trusted}, which you trust.", "Somebody else may be using the publisher's name.", "Ask the publisher which of the two is right before you install it.");
        }

        if ((await registries.Bundled(cancel)).KeysOf(publisher, clock.GetUtcNow()) is { } reserved)
        {
            return reserved.Contains(key) ? pin : throw Refused("MM1040", $"{name} is signed with the key {pin.Fingerprint}, which is none of {publisher}'s.", "This host knows the keys of that publisher and takes no others.", "Do not use this package.");
        }

        if ((await installed.Pins(cancel)).FirstOrDefault(one => one.Id == publisher) is { } known)
        {
            return known.PublicKey == key ? known
                : trusted == pin.Fingerprint ? pin
                : throw Refused("MM1040", $"{name} is signed with the key {pin.Fingerprint}; {publisher}'s packages had {known.Fingerprint} so far.", "Somebody else may be using the publisher's name.", $"{Compare(pin.Fingerprint)}.");
        }

        if (offer?.From.KeysOf(publisher, clock.GetUtcNow())?.Contains(key) == true || trusted == pin.Fingerprint)
        {
            return pin;
        }

        throw Refused("MM1039", $"{name} is by {publisher}, whom this host does not know, with the key {pin.Fingerprint}.", "Anybody can sign with a key of his own.", $"{Compare(pin.Fingerprint)}.");
    }

    private async Task RefuseWithdrawn(string name, PublisherPin pin, CancellationToken cancel)
    {
        foreach (var registry in await registries.All(cancel))
        {
            if (registry.Registry.Keys.FirstOrDefault(one => one.PublicKey == pin.PublicKey) is { } listed && registry.Registry.KeyNamed(listed.Id, clock.GetUtcNow()) is null)
            {
                throw Refused("MM1042", $"{name} is signed with the key {pin.Fingerprint}, which {registry.Registry.Name} lists as {(listed.Revoked ? "revoked" : "expired")}.",
                    "Somebody else may have that key.", "Fetch a version that is signed with the publisher's present key.");
            }
        }
    }

    private static PluginRefusedException Refused(string code, string what, string why, string fix) => new(new PluginProblem(code, what, why, fix));
}
