using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Registries;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli;

/// What an author does on his own machine, without a host: pack, sign, verify, make a key.
internal static class PackageCommands
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Pack()
    {
        var folder = new Argument<string>("folder") { Description = "The folder the plugin was built into." };
        var to = new Option<string?>("--output") { Description = $"The package. Default: {{id}}-{{version}}{PackageForm.Extension} here." };
        return Offline(new Command("pack", "Packs a built plugin; the same folder gives the same bytes.") { folder, to }, async (parsed, output, cancel) =>
        {
            var built = Path.GetFullPath(parsed.GetValue(folder)!);
            if (!File.Exists(Path.Combine(built, ManifestReader.FileName)) || Directory.EnumerateFiles(built, "*.csproj").Any())
            {
                throw new UserFacingException($"{built} is no folder that a plugin was built into. Build it first, dotnet build src -c Release, and name the output: src/bin/Release/net10.0");
            }

            var file = await PackageWriter.Pack(built, parsed.GetValue(to), cancel);
            output.Remark($"Next: medicineman plugin sign {file} --key <your key>");
            return output.One(new { file, sha256 = PackageChecksums.HashOf(file) }, ("file", file), ("sha256", PackageChecksums.HashOf(file)));
        });
    }

    public static Command Sign()
    {
        var file = new Argument<string>("file") { Description = $"A package (*{PackageForm.Extension}), or a registry (*.json)." };
        var key = new Option<string>("--key") { Description = "File that holds your private key.", Required = true };
        var keyId = new Option<string?>("--key-id") { Description = "Its name in the registry. Default: the beginning of its fingerprint." };
        return Offline(new Command("sign", "Signs a package or a registry.") { file, key, keyId }, async (parsed, output, cancel) =>
        {
            var path = Existing(parsed.GetValue(file)!);
            using var secret = PackageKey.FromPem(await Door.Read(parsed.GetValue(key)!, cancel), parsed.GetValue(key)!);
            var fingerprint = PackageKey.Fingerprint(PackageKey.PublicOf(secret));
            if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                var signature = await PackageSigner.Sign(path, secret, parsed.GetValue(keyId), cancel);
                var package = new { file = path, size = new FileInfo(path).Length, sha256 = PackageChecksums.HashOf(path), signature = signature.Value, keyId = signature.KeyId, key = fingerprint };
                return output.One(package, ("file", path), ("size", $"{package.size}"), ("sha256", package.sha256), ("signature", package.signature), ("key id", package.keyId), ("key", fingerprint));
            }

            var id = parsed.GetValue(keyId) ?? throw new UserFacingException("Say under which name the registry lists the key: --key-id");
            var text = await Door.Read(path, cancel);
            try
            {
                var registry = JsonNode.Parse(text)!.AsObject();
                registry["signature"] = new JsonObject { ["keyId"] = id, ["value"] = RegistrySeal.Sign(secret, JsonElement.Parse(text)) };
                await File.WriteAllTextAsync(path, registry.ToJsonString(Readable) + "\n", cancel);
            }
            catch (Exception broken) when (broken is JsonException or InvalidOperationException or NullReferenceException)
            {
                throw new UserFacingException($"{path} is no registry: {broken.Message}", broken);
            }

            return output.One(new { file = path, keyId = id, key = fingerprint }, ("file", path), ("key id", id), ("key", fingerprint));
        });
    }

    public static Command Verify()
    {
        var file = new Argument<string>("file") { Description = "The package." };
        return Offline(new Command("verify", "Checks a package as a host would: names, sizes, hashes, signature, manifest.") { file }, async (parsed, output, cancel) =>
        {
            var path = Existing(parsed.GetValue(file)!);
            var staging = Directory.CreateTempSubdirectory("medicineman-verify-").FullName;
            try
            {
                var read = await PackageReader.Extract(path, staging, cancel);
                var (manifest, key) = (read.Manifest, read.Signature?.Fingerprint);
                var capabilities = manifest.Capabilities.Select(capability => capability.Name).ToArray();
                if (key is null)
                {
                    output.Remark("It is not signed; a host takes it only with Plugins:AllowUnsigned=true.");
                }

                return output.One(
                    new { plugin = manifest.Id, manifest.Version, manifest.Publisher, read.Size, read.Sha256, key, capabilities },
                    ("plugin", manifest.Id), ("version", manifest.Version), ("publisher", manifest.Publisher), ("size", $"{read.Size}"), ("sha256", read.Sha256), ("key", key), ("asks for", string.Join(", ", capabilities)));
            }
            finally
            {
                Directory.Delete(staging, recursive: true);
            }
        });
    }

    public static Command Key()
    {
        var file = new Argument<string>("file") { Description = "Where the private key is to lie." };
        var make = Offline(new Command("new", "Makes a key to sign with; the private half is for you alone.") { file }, async (parsed, output, cancel) =>
        {
            var (path, pem) = (parsed.GetValue(file)!, PackageKey.NewPem());
            try
            {
                await using var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
                await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(pem), cancel);
            }
            catch (IOException taken)
            {
                throw new UserFacingException($"{path} cannot be written: {taken.Message} A key that is there is never replaced.", taken);
            }

            using var key = PackageKey.FromPem(pem, path);
            var publicKey = PackageKey.PublicOf(key);
            return output.One(new { file = path, publicKey, fingerprint = PackageKey.Fingerprint(publicKey) }, ("file", path), ("public key", publicKey), ("fingerprint", PackageKey.Fingerprint(publicKey)));
        });
        return new Command("key", "Keys to sign with.") { make };
    }

    private static string Existing(string file) => File.Exists(file) ? file : throw new UserFacingException($"There is no file {file}.");

    private static Command Offline(Command command, Func<ParseResult, Output, CancellationToken, Task<int>> action)
    {
        command.SetAction((parsed, cancel) => action(parsed, new Output(parsed.GetValue(Door.Json)), cancel));
        return command;
    }
}
