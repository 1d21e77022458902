using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Plugins.Postgres.Scanning;

/// <summary>
/// Finds PostgreSQL clusters from processes, sockets, Debian's configuration folders and installed programs, and asks those it may
/// for their databases. Joins what speaks for one cluster by data directory, else by port.
/// </summary>
public sealed class PostgresScanner : IScanner
{
    /// <inheritdoc/>
    public string DisplayName => "PostgreSQL";

    /// <inheritdoc/>
    public IReadOnlyList<ScanSection> Sections { get; } = ScanSections.All;

    /// <inheritdoc/>
    public ValueTask<ScanReport> ReadAsync(ScanOutput output, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(output);
        var clusters = new FoundClusters();
        foreach (var process in ServerProcess.Read(output))
        {
            clusters.Add(process);
        }

        foreach (var configuration in Configuration.Read(output))
        {
            clusters.Add(configuration);
        }

        foreach (var answer in SocketAnswer.Read(output))
        {
            clusters.Add(answer);
        }

        return ValueTask.FromResult(new ScanReport { Services = clusters.Services(InstalledProgram.Read(output)) });
    }
}
