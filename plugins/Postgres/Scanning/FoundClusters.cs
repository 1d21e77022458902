using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Plugins.Postgres.Scanning;

/// Joins the signals that belong to one cluster.
internal sealed class FoundClusters
{
    private readonly List<Found> clusters = [];

    public void Add(ServerProcess process)
    {
        var found = At(process.DataDirectory, process.Port);
        found.Running = true;
        found.RunsAs ??= process.User;
        found.ConfigurationFile ??= process.ConfigurationFile;
        found.Major ??= process.Major;
        found.Port ??= process.Port;
        found.SocketDirectory ??= process.SocketDirectory;
        found.Program = process.CommandLine.Split(' ')[0];
        found.Evidence.Add(new Evidence($"process {process.CommandLine}", 0.80));
        if (process.ControlGroup.Contains("postgresql", StringComparison.Ordinal))
        {
            found.Evidence.Add(new Evidence($"unit {process.ControlGroup.Split('/')[^1]}", 0.60));
        }

        if (process.User == "postgres")
        {
            found.Evidence.Add(new Evidence("runs as user postgres", 0.40));
        }
    }

    public void Add(Configuration configuration)
    {
        var found = clusters.Find(c => c.ConfigurationFile == configuration.File) ?? At(configuration.DataDirectory, configuration.Port);
        found.ConfigurationFile = configuration.File;
        found.Name = configuration.Name;
        found.DataDirectory ??= configuration.DataDirectory;
        found.Port ??= configuration.Port;
        found.SocketDirectory ??= configuration.SocketDirectory;
        found.Major ??= configuration.Major;
        found.Evidence.Add(new Evidence($"configuration {configuration.File}", 0.20));
    }

    public void Add(SocketAnswer socket)
    {
        // The file name of a socket is its port, but two clusters may use one port with sockets in different directories.
        var found = (socket.Answer?.DataDirectory is { } data ? clusters.Find(c => c.DataDirectory == data.TrimEnd('/')) : null)
            ?? clusters.Find(c => c.Port == socket.Port && (c.SocketDirectory is null || c.SocketDirectory == socket.Directory))
            ?? (clusters.FindAll(c => c.Running && c.Port is null) is [var only] ? only : At(socket.Answer?.DataDirectory?.TrimEnd('/'), null));
        found.Port ??= socket.Port;
        found.SocketDirectory ??= socket.Directory;
        found.RunsAs ??= socket.Owner;
        found.Running = true;
        found.Evidence.Add(new Evidence($"socket {socket.Directory}/.s.PGSQL.{socket.Port}", 0.25));
        if (socket.Answer is { } answer)
        {
            found.DataDirectory ??= answer.DataDirectory?.TrimEnd('/');
            found.Version = answer.Version?.Split(' ')[0];
            found.Databases = answer.Databases ?? [];
            found.Evidence.Add(new Evidence($"it answers as PostgreSQL {found.Version}", 0.90));
        }
    }

    public IReadOnlyList<FoundService> Services(IReadOnlyList<InstalledProgram> programs)
    {
        var services = clusters.Select(c => Service(c, programs)).ToList();
        var unused = programs.Where(p => !clusters.Any(c => Fits(c, p)));
        return [.. services, .. unused.Select(p => new FoundService
        {
            Kind = "postgres", Identity = p.Path, Title = $"PostgreSQL {p.Version} (installed, no cluster found)", Version = p.Version,
            Evidence = [new Evidence($"program {p.Path}", 0.20)],
        })];
    }

    private static FoundService Service(Found c, IReadOnlyList<InstalledProgram> programs)
    {
        var program = programs.FirstOrDefault(p => Fits(c, p));
        var version = c.Version ?? program?.Version ?? c.Major;
        return new FoundService
        {
            Kind = "postgres",
            Identity = c.DataDirectory ?? c.ConfigurationFile ?? $"{c.SocketDirectory}:{c.Port}",
            Title = string.Join(' ', new[] { "PostgreSQL", (c.Major ?? version?.Split('.')[0]), c.Name ?? c.DataDirectory }.Where(part => part is not null)),
            Version = version, Port = c.Port, SocketDirectory = c.SocketDirectory, DataDirectory = c.DataDirectory, RunsAs = c.RunsAs, Running = c.Running,
            Evidence = program is null ? c.Evidence : [.. c.Evidence, new Evidence($"program {program.Path}", 0.20)],
            Stores = [.. c.Databases.Select(d => new DataStore(d.Name, d.Bytes))],
        };
    }

    private static bool Fits(Found cluster, InstalledProgram program) =>
        cluster.Program == program.Path || (cluster.Major ?? cluster.Version?.Split('.')[0]) is { } major && program.Version.Split('.')[0] == major;

    private Found At(string? dataDirectory, int? port)
    {
        var found = dataDirectory is not null
            ? clusters.Find(c => c.DataDirectory == dataDirectory)
            : port is not null ? clusters.Find(c => c.Port == port) : null;
        if (found is null)
        {
            clusters.Add(found = new Found { DataDirectory = dataDirectory, Port = port });
        }

        return found;
    }

    private sealed class Found
    {
        public string? DataDirectory { get; set; }

        public string? ConfigurationFile { get; set; }

        public string? Name { get; set; }

        public string? Program { get; set; }

        public string? Major { get; set; }

        public string? Version { get; set; }

        public int? Port { get; set; }

        public string? SocketDirectory { get; set; }

        public string? RunsAs { get; set; }

        public bool Running { get; set; }

        public List<Evidence> Evidence { get; } = [];

        public IReadOnlyList<FoundDatabase> Databases { get; set; } = [];
    }
}
