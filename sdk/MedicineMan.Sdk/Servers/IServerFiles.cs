using System.IO.Pipelines;

namespace MedicineMan.Sdk.Servers;

/// <summary>Reads and writes files on a server, as streams.</summary>
public interface IServerFiles
{
    /// <summary>Opens a file from its beginning. Complete the reader when you stop early.</summary>
    /// <exception cref="UserFacingException">No such file, or no permission.</exception>
    ValueTask<PipeReader> ReadAsync(string path, CancellationToken cancel);

    /// <summary>Writes a file whole: it appears under its name only when all of the content has arrived, with the mode 0600.</summary>
    /// <exception cref="UserFacingException">No room, no such folder or no permission; nothing is left behind.</exception>
    Task WriteAsync(string path, PipeReader content, CancellationToken cancel);

    /// <summary>The entries of a folder, by name.</summary>
    Task<IReadOnlyList<ServerFile>> ListAsync(string path, CancellationToken cancel);
}

/// <summary>An entry of a folder.</summary>
/// <param name="Name">Without the path.</param>
/// <param name="IsFolder">True for a folder.</param>
/// <param name="Bytes">Size; 0 for a folder.</param>
/// <param name="Modified">By the server's clock.</param>
public sealed record ServerFile(string Name, bool IsFolder, long Bytes, DateTimeOffset Modified);
