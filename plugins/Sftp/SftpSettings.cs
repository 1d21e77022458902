using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Secrets;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace MedicineMan.Plugins.Sftp;

/// <summary>Where a storage is and how to sign in there. A class, not a record: a record would print the secret.</summary>
internal sealed partial class SftpSettings
{
    private IPrivateKeySource? key;
    private string? password;

    public required string Host { get; init; }

    public required int Port { get; init; }

    public required string User { get; init; }

    /// <summary>The folder, without a slash at its end.</summary>
    public required string Path { get; init; }

    /// <summary>Fingerprints of the keys that the server may show.</summary>
    public required IReadOnlyList<string> Pins { get; init; }

    public bool UsesKey => key is not null;

    public string Location => $"sftp://{User}@{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}{(Port == 22 ? "" : $":{Port}")}/{Path}";

    /// <summary>Reads settings and opens their secrets, which cannot be opened later.</summary>
    /// <exception cref="UserFacingException">Names everything that is wrong.</exception>
    public static async ValueTask<SftpSettings> Read(JsonElement settings, ISecrets secrets, CancellationToken cancel)
    {
        var problems = new List<string>();
        var host = Text(settings, "host");
        if (Uri.CheckHostName(host) is UriHostNameType.Unknown or UriHostNameType.Basic)
        {
            problems.Add("The host must be a name or an IP address, without scheme and port.");
        }

        var user = Text(settings, "user");
        if (user.Length == 0 || user.Any(char.IsControl))
        {
            problems.Add("The user to sign in as is missing.");
        }

        var path = SlashesPattern().Replace(Text(settings, "path"), "/").TrimEnd('/');
        if (!path.StartsWith('/') || path.Any(char.IsControl) || path.Split('/').Any(segment => segment is "." or ".."))
        {
            problems.Add("The folder must be an absolute path on the server, for instance /srv/backups/medicineman.");
        }

        if (!TryPort(settings, out var port))
        {
            problems.Add("The port must be a number from 1 to 65535.");
        }

        string[] pins = [.. Text(settings, "hostKey").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Select(pin => pin.TrimEnd('='))];
        if (!Array.TrueForAll(pins, FingerprintPattern().IsMatch))
        {
            problems.Add("The host key must be a fingerprint as ssh-keygen -lf prints it: SHA256: and 43 characters.");
        }

        var read = new SftpSettings { Host = host, Port = port, User = user, Path = path, Pins = pins };
        problems.AddRange(await read.TakeCredential(settings, secrets, cancel));
        return problems.Count == 0 ? read : throw new UserFacingException(string.Join(' ', problems)) { Permanent = true };
    }

    /// <summary>New ones for each connection, since the library writes down in them what was tried.</summary>
    public AuthenticationMethod[] Methods()
    {
        if (key is not null)
        {
            return [new PrivateKeyAuthenticationMethod(User, key)];
        }

        var interactive = new KeyboardInteractiveAuthenticationMethod(User);
        var asked = false;
        interactive.AuthenticationPrompt += (_, e) =>
        {
            foreach (var prompt in e.Prompts.Where(prompt => !prompt.IsEchoed && !asked))
            {
                prompt.Response = password;
                asked = true;
            }
        };
        return [new PasswordAuthenticationMethod(User, password!), interactive];
    }

    private async ValueTask<IReadOnlyList<string>> TakeCredential(JsonElement settings, ISecrets secrets, CancellationToken cancel)
    {
        password = await Open(settings, "password", secrets, cancel);
        if (await Open(settings, "privateKey", secrets, cancel) is not { } text)
        {
            return password is null ? ["A private key or a password is missing."] : [];
        }

        if (password is not null)
        {
            return ["There are a private key and a password. Leave one of them empty."];
        }

        var passphrase = await Open(settings, "passphrase", secrets, cancel);
        try
        {
            key = new PrivateKeyFile(new MemoryStream(Encoding.UTF8.GetBytes(Lines(text))), passphrase);
            return [];
        }
        catch (SshPassPhraseNullOrEmptyException)
        {
            return ["The private key is protected by a passphrase. Enter it too (--sftp-passphrase-file on the command line)."];
        }
        catch (Exception unreadable) when (unreadable is not OutOfMemoryException)
        {
            return [passphrase is null
                ? "The private key cannot be read. Give the whole file, from its BEGIN line to its END line, in OpenSSH or PEM form."
                : "The private key cannot be read: the passphrase is wrong, or the text is not a whole key in OpenSSH or PEM form."];
        }
    }

    private async ValueTask<string?> Open(JsonElement settings, string field, ISecrets secrets, CancellationToken cancel)
    {
        if (settings.Secret(field) is not { } handle)
        {
            return null;
        }

        using var lease = await secrets.OpenAsync(handle, $"sign in to {Host}", cancel);
        return lease.Text();
    }

    // A browser's field of one line swallows the ends of the lines of a key that is pasted into it, and the library reads no long lines.
    private static string Lines(string text)
    {
        var joined = OneLinePattern().Match(text.Trim());
        var lines = joined.Success ? joined.Groups[2].Value.Replace(" ", "", StringComparison.Ordinal).Chunk(70).Select(line => new string(line)) : [];
        return joined.Success ? $"{joined.Groups[1]}\n{string.Join('\n', lines)}\n{joined.Groups[3]}\n" : text.Replace("\r", "", StringComparison.Ordinal).Trim() + "\n";
    }

    private static string Text(JsonElement settings, string field) =>
        settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim() : "";

    private static bool TryPort(JsonElement settings, out int port)
    {
        port = 22;
        return settings.ValueKind != JsonValueKind.Object || !settings.TryGetProperty("port", out var value) || value.ValueKind == JsonValueKind.Null
            || (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out port) && port is > 0 and < 65536);
    }

    [GeneratedRegex("/{2,}", RegexOptions.CultureInvariant)]
    private static partial Regex SlashesPattern();

    [GeneratedRegex("^SHA256:[A-Za-z0-9+/]{43}$", RegexOptions.CultureInvariant)]
    private static partial Regex FingerprintPattern();

    [GeneratedRegex("^(-----BEGIN [A-Z ]+-----)[ \t]*([A-Za-z0-9+/= ]+?)[ \t]*(-----END [A-Z ]+-----)$", RegexOptions.CultureInvariant)]
    private static partial Regex OneLinePattern();
}
