using System.IO.Pipelines;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Sdk.Backups;

/// <summary>Takes the named streams of a dump. Implemented by the host.</summary>
public interface IDumpWriter
{
    /// <summary>Stores one stream; returns when its end has been taken in. Streams may be written side by side.</summary>
    /// <param name="path">
    /// Folders and name, for instance <c>["shop", "tables", "public.orders.copy"]</c>. Segments hold any text but NUL; the host escapes <c>/</c>.
    /// </param>
    /// <param name="content">Read to its end and completed. Completing it with an exception abandons the dump: no snapshot is written.</param>
    /// <param name="cancel">Abandons the dump.</param>
    Task WriteAsync(IReadOnlyList<string> path, PipeReader content, CancellationToken cancel);

    /// <summary>Where the provider is. Bytes are counted by the host; give the estimated total with the first report.</summary>
    IProgress<JobProgress> Progress { get; }

    /// <summary>Adds a line to the run's log.</summary>
    void Log(string message);
}

/// <summary>Gives the streams of a stored dump back. Implemented by the host.</summary>
public interface IDumpReader
{
    /// <summary>Opens a stream; every byte was verified when it is handed out.</summary>
    /// <exception cref="UserFacingException">No such stream, or the repository is damaged there.</exception>
    ValueTask<PipeReader> OpenAsync(IReadOnlyList<string> path, CancellationToken cancel);

    /// <summary>Where the provider is.</summary>
    IProgress<JobProgress> Progress { get; }

    /// <summary>Adds a line to the run's log.</summary>
    void Log(string message);
}

/// <summary>What a dump holds.</summary>
/// <param name="Items">One for each item asked for.</param>
/// <param name="Tools">Versions of server and tools, for instance <c>pg_dump</c> = <c>15.18</c>.</param>
public sealed record DumpReport(IReadOnlyList<DumpedItem> Items, IReadOnlyDictionary<string, string> Tools);

/// <summary>One dumped item.</summary>
/// <param name="Name">As in the request.</param>
/// <param name="Objects">Tables and the like.</param>
public sealed record DumpedItem(string Name, IReadOnlyList<DumpedObject> Objects);

/// <summary>One object in a dump, as captured in the snapshot.</summary>
/// <param name="Name">Readable and unique within the item, for instance <c>public.orders</c>.</param>
/// <param name="Rows">Rows; null where it has no meaning.</param>
/// <param name="Bytes">Bytes of its stream.</param>
/// <param name="Checksum">Of its content, independent of row order; null where it has no meaning.</param>
public sealed record DumpedObject(string Name, long? Rows, long Bytes, string? Checksum);
