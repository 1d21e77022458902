namespace MedicineMan.Sdk.Backups;

/// <summary>Dumps, restores and proves one kind of data store over the command runner.</summary>
/// <remarks>The host owns chunking, compression, encryption, storage, retries and the record of the run.</remarks>
public interface IBackupProvider : IProvider
{
    /// <summary>Lists what can be backed up, with sizes. Also the test of the connection: it throws a sentence when it can't be made.</summary>
    /// <exception cref="UserFacingException">No tool, no connection, wrong password, no permission: with the remedy.</exception>
    Task<IReadOnlyList<BackupItem>> DiscoverAsync(BackupSource source, CancellationToken cancel);

    /// <summary>
    /// Writes the items as named streams, each item from one consistent snapshot, and captures what a proof needs. Any failure throws, and the
    /// host then writes no snapshot.
    /// </summary>
    Task<DumpReport> DumpAsync(BackupSource source, IReadOnlyList<string> items, IDumpWriter dump, CancellationToken cancel);

    /// <summary>
    /// Restores one item of a dump into a target of the given name. Existing data is replaced only with <see cref="RestoreOptions.Replace"/>, and
    /// then only once the new copy is complete. A failure or cancel leaves the target as it was and removes what it had created.
    /// </summary>
    Task<RestoreReport> RestoreAsync(BackupSource target, RestoreOptions options, IDumpReader dump, CancellationToken cancel);

    /// <summary>Compares a restored item, object by object, with what the dump captured of the original.</summary>
    Task<ProofReport> CompareAsync(BackupSource target, string restored, string item, IDumpReader dump, CancellationToken cancel);

    /// <summary>Removes a scratch item that a proof created. Absent is fine: it is called again after a crash.</summary>
    Task DropScratchAsync(BackupSource target, string name, CancellationToken cancel);
}

/// <summary>A data store server to connect to, through a command runner on its machine.</summary>
/// <param name="Server">Where the tools run.</param>
public sealed record BackupSource(Commands.ICommandRunner Server)
{
    /// <summary>Host name or directory of the Unix socket, as seen from the server; null for the tool's default.</summary>
    public string? Host { get; init; }

    /// <summary>Port; null for the tool's default.</summary>
    public int? Port { get; init; }

    /// <summary>User of the data store; null for the one the tool takes by itself.</summary>
    public string? UserName { get; init; }

    /// <summary>Password; null for peer or trust authentication.</summary>
    public Secrets.SecretRef? Password { get; init; }

    /// <summary>Operating system user to run the tools as; null for the connection's own.</summary>
    public string? RunAs { get; init; }
}

/// <summary>Something that can be backed up.</summary>
/// <param name="Name">For instance a database's name; unique within the source.</param>
/// <param name="Bytes">Size on the server; null when unknown.</param>
/// <param name="Version">Version of the server it lives on, for instance <c>15.18</c>.</param>
public sealed record BackupItem(string Name, long? Bytes, string? Version);
