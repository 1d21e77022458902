using System.Text.Encodings.Web;
using System.Text.Json;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Servers;

/// What a person enters about a server.
internal sealed record ServerDraft
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public required string Name { get; init; }

    /// <see cref="ServerKind"/>; the fields below are for <c>ssh</c>.
    public string Kind { get; init; } = ServerKind.Ssh;

    public string Address { get; init; } = "";

    public int Port { get; init; } = 22;

    public string UserName { get; init; } = "";

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// Null leaves a stored one as it is.
    public NewCredential? Credential { get; init; }

    /// All that is wrong at once, by field; empty when it can be stored.
    public IReadOnlyDictionary<string, string> Problems()
    {
        var problems = new Dictionary<string, string>();
        Check("name", Name.Trim().Length is > 0 and <= 100 && !Name.Any(char.IsControl), "Give the server a name of at most 100 characters.");
        Check("kind", Kind is ServerKind.Local or ServerKind.Ssh, "A server is either this machine or reached over SSH.");
        Check("tags", Tags.Count <= 20 && Words().All(tag => tag.Length is > 0 and <= 40 && tag.All(c => char.IsLetterOrDigit(c) || "-_.:".Contains(c, StringComparison.Ordinal))),
            "Tags are at most 20 words of letters, digits, dashes, dots and colons.");
        if (Kind == ServerKind.Ssh)
        {
            Check("address", SshAddress.IsHost(Address), "Enter a host name or an IP address.");
            Check("port", Port is > 0 and <= 65535, "A port lies between 1 and 65535.");
            Check("userName", UserName.Length is > 0 and <= 100 && !UserName.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)), "Enter the user to sign in as.");
            Check("credential", Credential is null || Credential.Value.Length > 0, "Enter a password or a private key.");
        }

        return problems;

        void Check(string field, bool fine, string problem)
        {
            if (!fine)
            {
                problems[field] = problem;
            }
        }
    }

    public void EnsureValid()
    {
        if (Problems() is { Count: > 0 } problems)
        {
            throw new UserFacingException(string.Join(' ', problems.Values)) { Permanent = true };
        }
    }

    public string TagsJson() => JsonSerializer.Serialize(Words(), Readable);

    public string SearchText() => $"{Name.Trim()} {Address} {string.Join(' ', Words())}".ToLowerInvariant();

    private string[] Words() => [.. Tags.Select(tag => tag.Trim().ToLowerInvariant()).Where(tag => tag.Length > 0).Distinct().Order(StringComparer.Ordinal)];
}

/// A password or a private key as entered. A class, not a record: a record would print it.
internal sealed class NewCredential(string kind, string value, string? passphrase = null)
{
    /// <c>password</c> or <c>key</c>.
    public string Kind { get; } = kind;

    public string Value { get; } = value;

    public string? Passphrase { get; } = passphrase;
}
