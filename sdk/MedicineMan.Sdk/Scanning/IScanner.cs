namespace MedicineMan.Sdk.Scanning;

/// <summary>Finds out what is on a server from the output of read-only shell sections.</summary>
/// <remarks>
/// The host joins the sections of all scanners into one script, runs it once over one connection, without sudo, and hands each scanner
/// the output of all sections. What comes back is hostile text: bounded and stripped of control characters by the host, never to be evaluated.
/// </remarks>
public interface IScanner : IProvider
{
    /// <summary>What this scanner adds to the script. The same at every call.</summary>
    IReadOnlyList<ScanSection> Sections { get; }

    /// <summary>Reads facts and services out of the output. Sections can be missing or cut short: a partial result is a result.</summary>
    ValueTask<ScanReport> ReadAsync(ScanOutput output, CancellationToken cancel);
}

/// <summary>A piece of POSIX shell (dash, busybox) that only reads.</summary>
/// <param name="Name">Lower-case word, unique among all scanners, for instance <c>df</c>.</param>
/// <param name="Script">
/// Fixed at build time, never composed from data. <c>t SECONDS command…</c> runs a command under a time limit where the server can.
/// </param>
public sealed record ScanSection(string Name, string Script);

/// <summary>What the sections printed.</summary>
public sealed class ScanOutput(IReadOnlyDictionary<string, string> sections, bool complete)
{
    /// <summary>False when the connection broke or a limit was hit before the end.</summary>
    public bool Complete { get; } = complete;

    /// <summary>Standard output of a section; empty when it is missing.</summary>
    public string this[string section] => sections.GetValueOrDefault(section, "");

    /// <summary>The non-empty lines of a section.</summary>
    public IEnumerable<string> Lines(string section) =>
        this[section].Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>What a scanner read.</summary>
public sealed record ScanReport
{
    /// <summary>Facts by key, for instance <c>os.name</c> = "Debian GNU/Linux 12". Keys are dotted lower-case words.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>Mounted file systems that hold data.</summary>
    public IReadOnlyList<DiskUsage> Disks { get; init; } = [];

    /// <summary>Services found.</summary>
    public IReadOnlyList<FoundService> Services { get; init; } = [];
}

/// <summary>A mounted file system.</summary>
/// <param name="Mount">Mount point.</param>
/// <param name="Device">Device or pool.</param>
/// <param name="FileSystem">Type, for instance <c>ext4</c>.</param>
/// <param name="TotalBytes">Size.</param>
/// <param name="UsedBytes">Used.</param>
/// <param name="FreeBytes">Free for unprivileged users.</param>
public sealed record DiskUsage(string Mount, string Device, string FileSystem, long TotalBytes, long UsedBytes, long FreeBytes);

/// <summary>A service on a server, with what speaks for it.</summary>
public sealed record FoundService
{
    /// <summary>What it is, for instance <c>postgres</c>; the kind of the backup provider that fits, if there is one.</summary>
    public required string Kind { get; init; }

    /// <summary>Stays the same over restarts: data directory, unit or container, never a process id.</summary>
    public required string Identity { get; init; }

    /// <summary>For people, for instance "PostgreSQL 15 main".</summary>
    public required string Title { get; init; }

    /// <summary>Version as the server says it; null when unknown.</summary>
    public string? Version { get; init; }

    /// <summary>TCP port; null when unknown or none.</summary>
    public int? Port { get; init; }

    /// <summary>Directory of the Unix socket; null when unknown.</summary>
    public string? SocketDirectory { get; init; }

    /// <summary>Where its data lies; null when unknown.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Operating system user it runs as; null when unknown.</summary>
    public string? RunsAs { get; init; }

    /// <summary>True when a process of it was seen.</summary>
    public bool Running { get; init; }

    /// <summary>What speaks for it.</summary>
    public IReadOnlyList<Evidence> Evidence { get; init; } = [];

    /// <summary>The data stores inside it, such as databases.</summary>
    public IReadOnlyList<DataStore> Stores { get; init; } = [];

    /// <summary>Independent signals joined by noisy-OR: one minus the product of what each leaves open. 0 to 1.</summary>
    public double Confidence => 1 - Evidence.Aggregate(1.0, (open, e) => open * (1 - e.Weight));
}

/// <summary>One signal.</summary>
/// <param name="Signal">What was seen, for people: "process postgres -D /var/lib/postgresql/15/main".</param>
/// <param name="Weight">How much it says on its own, 0 to 1.</param>
public sealed record Evidence(string Signal, double Weight);

/// <summary>A data store inside a service.</summary>
/// <param name="Name">For instance a database's name.</param>
/// <param name="Bytes">Size; null when unknown.</param>
public sealed record DataStore(string Name, long? Bytes);
