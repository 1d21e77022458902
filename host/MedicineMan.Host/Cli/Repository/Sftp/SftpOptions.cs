using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Sftp;

/// <summary>How commands sign in to a repository on an SFTP server: with the files that ssh uses, unless told otherwise. Secrets come out of files alone.</summary>
internal sealed class SftpOptions(CommandSecrets secrets, string home)
{
    private static readonly string[] UsualKeys = ["id_ed25519", "id_ecdsa", "id_rsa"];

    private readonly Option<string?> key = new("--sftp-key") { Description = "File of the private key for an SFTP server. Default: ~/.ssh/id_ed25519, id_ecdsa or id_rsa.", Recursive = true };

    private readonly Option<string?> passphrase = new("--sftp-passphrase-file") { Description = "File that holds the passphrase of that key.", Recursive = true };

    private readonly Option<string?> password = new("--sftp-password-file") { Description = "File that holds the password for an SFTP server, instead of a key.", Recursive = true };

    private readonly Option<string[]> hostKey = new("--sftp-host-key")
    {
        Description = "Fingerprint of the SFTP server's host key, SHA256:…; may be given more than once. Default: what ~/.ssh/known_hosts says.", Recursive = true,
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { key, passphrase, password, hostKey })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The settings of the plugin's storage.</summary>
    /// <exception cref="UserFacingException">A file is missing, or the server's key was revoked.</exception>
    public async Task<JsonElement> Settings(SftpPlace place, ParseResult parsed, CancellationToken cancel)
    {
        var settings = new JsonObject
        {
            ["host"] = place.Host, ["port"] = place.Port, ["user"] = place.User, ["path"] = place.Path, ["hostKey"] = string.Join(' ', await Pins(place, parsed, cancel)),
        };
        if (parsed.GetValue(password) is { } file)
        {
            settings["password"] = parsed.GetValue(key) is null
                ? (await Read(file, "password", cancel)).TrimEnd('\r', '\n').Kept(secrets)
                : throw new UserFacingException("There are --sftp-key and --sftp-password-file. Leave one of them out.");
        }
        else
        {
            settings["privateKey"] = (await Read(parsed.GetValue(key) ?? UsualKey(place), "private key", cancel)).Kept(secrets);
        }

        if (parsed.GetValue(passphrase) is { } passphraseFile)
        {
            settings["passphrase"] = (await Read(passphraseFile, "passphrase", cancel)).TrimEnd('\r', '\n').Kept(secrets);
        }

        return JsonSerializer.SerializeToElement(settings);
    }

    private async Task<IEnumerable<string>> Pins(SftpPlace place, ParseResult parsed, CancellationToken cancel)
    {
        var file = InSsh("known_hosts");
        var known = KnownHosts.Read(File.Exists(file) ? (await Read(file, "list of known hosts", cancel)).Split('\n') : [], place.Host, place.Port);
        var given = (parsed.GetValue(hostKey) ?? []).Select(pin => pin.TrimEnd('=')).ToList();
        if (given.Find(known.Revoked.Contains) is { } revoked)
        {
            throw new UserFacingException($"The host key {revoked} is marked as revoked for {place.Host} in {file}. Find out why before you trust it.");
        }

        return given.Count > 0 ? given
            : known.Trusted.Count == 0 && known.Revoked.Count > 0 ? throw new UserFacingException($"All keys of {place.Host} in {file} are marked as revoked. Name the new one with --sftp-host-key.")
            : known.Trusted;
    }

    private string UsualKey(SftpPlace place) =>
        UsualKeys.Select(InSsh).FirstOrDefault(File.Exists) ?? throw new UserFacingException(
            $"There is no key to sign in to {place.Host} with: none of {string.Join(", ", UsualKeys)} is in {InSsh("")}. Name one with --sftp-key, or a file with the password with --sftp-password-file.");

    private string InSsh(string name) => Path.Combine(home, ".ssh", name);

    private static async Task<string> Read(string file, string what, CancellationToken cancel)
    {
        try
        {
            return await File.ReadAllTextAsync(file, cancel);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UserFacingException($"The {what} for the SFTP server can't be read. {failure.Message}", failure);
        }
    }
}

file static class Keeping
{
    public static string Kept(this string value, CommandSecrets secrets) => secrets.Keep(value).Id;
}
