using MedicineMan.Sdk;

namespace MedicineMan.Host.Setup;

/// Where the host keeps its data and where it listens: from the command line, else the environment, else defaults that work.
internal sealed record HostSettings
{
    public required string Data { get; init; }

    /// Null: SQLite in the data directory.
    public string? Database { get; init; }

    public string Urls { get; init; } = "http://127.0.0.1:5080";

    /// Load no plugin.
    public bool SafeMode { get; init; }

    /// Only serves pages; jobs are for other processes.
    public bool NoWorker { get; init; }

    /// Only works, and serves no pages; null for a host that does both.
    public WorkerSettings? Worker { get; init; }

    public static HostSettings Read(string? data, string? database, string? urls, bool noWorker = false)
    {
        var settings = new HostSettings
        {
            Data = Path.GetFullPath(data ?? Variable("MEDICINEMAN_DATA") ?? Variable("MEDICINEMAN__DATA") ?? DefaultData()),
            Database = database ?? Variable("MEDICINEMAN_DATABASE") ?? Variable("MEDICINEMAN__DATABASE"),
            Urls = urls ?? Variable("MEDICINEMAN__URLS") ?? "http://127.0.0.1:5080",
            NoWorker = noWorker || Variable("MEDICINEMAN__NOWORKER") is "1" or "true",
        };
        return settings.Validated();
    }

    private HostSettings Validated()
    {
        var wrong = Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(url => !Uri.TryCreate(url.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal), UriKind.Absolute, out var read)
                || read.Scheme is not ("http" or "https"))
            .ToList();
        return wrong.Count == 0 && Urls.Any(char.IsLetterOrDigit)
            ? this
            : throw new UserFacingException($"Cannot listen on {(wrong.Count == 0 ? "nothing" : string.Join(", ", wrong))}: write an address such as http://127.0.0.1:5080.");
    }

    private static string DefaultData()
    {
        if (Environment.UserName == "root")
        {
            return "/var/lib/medicineman";
        }

        var home = Variable("XDG_DATA_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share");
        return Path.Combine(home, "medicineman");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

/// What a process that only works does: jobs of some queues, or of all, so many at the same time.
internal sealed record WorkerSettings(IReadOnlyList<string>? Queues, int? Concurrency);
