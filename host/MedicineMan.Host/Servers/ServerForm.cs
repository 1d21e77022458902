using MedicineMan.Sdk;

namespace MedicineMan.Host.Servers;

/// What stands in the form for a server; setup, adding and editing share it.
internal sealed class ServerForm
{
    /// <c>local</c> or <c>ssh</c>.
    public string Kind { get; set; } = ServerKind.Ssh;

    public string? Name { get; set; }

    /// user@host, host:port, or a whole ssh command.
    public string? Place { get; set; }

    /// <c>password</c>, <c>key</c>, or <c>keep</c> for what is stored.
    public string SignInWith { get; set; } = "password";

    public string? Password { get; set; }

    public string? PrivateKey { get; set; }

    public string? Passphrase { get; set; }

    public string? Tags { get; set; }

    public static ServerForm Of(Server server) => new()
    {
        Kind = server.Kind,
        Name = server.Name,
        Place = $"{server.UserName}@{(server.Address.Contains(':', StringComparison.Ordinal) ? $"[{server.Address}]" : server.Address)}:{server.Port}",
        SignInWith = "keep",
        Tags = string.Join(' ', server.TagList),
    };

    /// <exception cref="UserFacingException">Says all that is wrong.</exception>
    public ServerDraft Draft()
    {
        var draft = Kind == ServerKind.Local ? new ServerDraft { Name = Or(Name, "This machine"), Kind = ServerKind.Local, Tags = Words() } : Remote();
        draft.EnsureValid();
        return draft;
    }

    private ServerDraft Remote()
    {
        var place = SshAddress.Parse(Place ?? "")
            ?? throw new UserFacingException($"\"{Place}\" is not an address: write user@host, user@host:port, or paste the ssh command you use.") { Permanent = true };
        return new ServerDraft
        {
            Name = Or(Name, place.Host),
            Address = place.Host,
            Port = place.Port,
            UserName = place.UserName ?? "root",
            Tags = Words(),
            Credential = SignInWith switch
            {
                "key" => new NewCredential("key", PrivateKey ?? "", string.IsNullOrEmpty(Passphrase) ? null : Passphrase),
                "password" => new NewCredential("password", Password ?? ""),
                _ => null,
            },
        };
    }

    private string[] Words() => (Tags ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);

    private static string Or(string? text, string otherwise) => string.IsNullOrWhiteSpace(text) ? otherwise : text.Trim();
}
