using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Sdk.Commands;

/// <summary>A program and its arguments. Quoting for the shell on the other side is the runner's business alone.</summary>
/// <param name="File">A program name looked up on the server's PATH, or an absolute path.</param>
/// <param name="Arguments">Passed as they are, whatever characters they hold but NUL.</param>
public sealed record CommandSpec(string File, params IReadOnlyList<string> Arguments)
{
    /// <summary>Added to the environment. Never a secret: other users of the server may see it.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Files that exist on the server, readable by the command's user alone (0600), while the command runs.</summary>
    public IReadOnlyList<CommandFile> Files { get; init; } = [];

    /// <summary>Operating system user to run as; null for the connection's own. Root uses <c>runuser</c>, others <c>sudo -n</c>.</summary>
    public string? RunAs { get; init; }

    /// <summary>The command is ended after this time. Default five minutes; <see cref="Timeout.InfiniteTimeSpan"/> for streams.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>A small file (at most 1 MiB) that lives exactly as long as a command: a password file or a list.</summary>
/// <param name="Variable">Environment variable that receives the file's path, for instance <c>PGPASSFILE</c>. Letters, digits, underscores.</param>
/// <param name="Content">
/// Text; <see cref="SecretPlaceholder"/> in it is replaced by the secret's value, escaped by <see cref="Encode"/>.
/// </param>
public sealed record CommandFile(string Variable, string Content)
{
    /// <summary>Stands in <see cref="Content"/> where the secret goes.</summary>
    public const string SecretPlaceholder = "\u0001secret\u0001";

    /// <summary>The secret to put in; null for none.</summary>
    public SecretRef? Secret { get; init; }

    /// <summary>Escapes the secret for the file's format. Default: as it is.</summary>
    public Func<string, string> Encode { get; init; } = static value => value;

    /// <summary>An argument with exactly this text is replaced by the file's path on the server.</summary>
    public string Argument => $"\u0001file:{Variable}\u0001";
}
