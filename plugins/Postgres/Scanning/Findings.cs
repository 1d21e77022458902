using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Plugins.Postgres.Scanning;

/// A running server, from its command line.
internal sealed record ServerProcess(string? User, string ControlGroup, string CommandLine)
{
    public string? DataDirectory { get; init; }

    public int? Port { get; init; }

    public string? SocketDirectory { get; init; }

    public string? ConfigurationFile { get; init; }

    public string? Major { get; init; }

    public static IEnumerable<ServerProcess> Read(ScanOutput output)
    {
        ServerProcess? process = null;
        foreach (var line in output.Lines("pgprocesses"))
        {
            var fields = line.Split('\t');
            switch (fields)
            {
                case ["process", var user, var group, .. var arguments]:
                    if (process is not null)
                    {
                        yield return process;
                    }

                    process = Parse(user, group, [.. arguments.Where(a => a.Length > 0)]);
                    break;
                case ["major", var major]:
                    process = process is null ? null : process with { Major = major };
                    break;
                case ["port", var port]:
                    process = process is null ? null : process with { Port = Number(port) ?? process.Port };
                    break;
                case ["socket", var directory] when directory.StartsWith('/'):
                    process = process is null ? null : process with { SocketDirectory = directory };
                    break;
            }
        }

        if (process is not null)
        {
            yield return process;
        }
    }

    /// <c>-D dir</c>, <c>-Ddir</c>, <c>-p 5433</c>, <c>-c port=5433</c>, <c>--port=5433</c> and the like.
    private static ServerProcess Parse(string user, string group, string[] arguments)
    {
        var process = new ServerProcess(user.Length > 0 ? user : null, group, string.Join(' ', arguments));
        for (var i = 1; i < arguments.Length; i++)
        {
            var (option, value) = arguments[i] switch
            {
                ['-', '-', .. var setting] => ("-c", setting),
                ['-', var letter, .. { Length: > 0 } rest] => ($"-{letter}", rest),
                ['-', var letter] when i + 1 < arguments.Length => ($"-{letter}", arguments[++i]),
                _ => ("", ""),
            };
            var at = value.IndexOf('=', StringComparison.Ordinal);
            process = (option, at > 0 ? value[..at].Replace('-', '_') : "") switch
            {
                ("-D", _) or ("-c", "data_directory") => process with { DataDirectory = value[(option == "-D" ? 0 : at + 1)..].TrimEnd('/') },
                ("-p", _) or ("-c", "port") => process with { Port = Number(value[(option == "-p" ? 0 : at + 1)..]) },
                ("-k", _) or ("-c", "unix_socket_directories") => process with { SocketDirectory = value[(option == "-k" ? 0 : at + 1)..].Split(',')[0].Trim() },
                ("-c", "config_file") => process with { ConfigurationFile = value[(at + 1)..] },
                _ => process,
            };
        }

        return process;
    }

    public static int? Number(string text) => int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 0 and < 65536 ? n : null;
}

/// A cluster of Debian's postgresql-common, from <c>/etc/postgresql/VERSION/NAME/postgresql.conf</c>.
internal sealed partial record Configuration(string File, string Major, string Name)
{
    public string? DataDirectory { get; init; }

    public int? Port { get; init; }

    public string? SocketDirectory { get; init; }

    public static IEnumerable<Configuration> Read(ScanOutput output)
    {
        Configuration? configuration = null;
        foreach (var line in output.Lines("pgconfigurations"))
        {
            if (line.Split('\t') is ["conf", var file] && file.Split('/') is [.., var major, var name, _])
            {
                if (configuration is not null)
                {
                    yield return configuration;
                }

                configuration = new Configuration(file, major, name);
            }
            else if (configuration is not null && Setting().Match(line) is { Success: true } setting)
            {
                var value = setting.Groups[2].Value.Trim('\'');
                configuration = setting.Groups[1].Value switch
                {
                    "port" => configuration with { Port = ServerProcess.Number(value) },
                    "data_directory" => configuration with { DataDirectory = value.TrimEnd('/') },
                    _ => configuration with { SocketDirectory = value.Split(',')[0].Trim() },
                };
            }
        }

        if (configuration is not null)
        {
            yield return configuration;
        }
    }

    [GeneratedRegex(@"^\s*(port|data_directory|unix_socket_directories)\s*=?\s*('[^']*'|[^\s#]+)")]
    private static partial Regex Setting();
}

/// A listening socket, with what the server behind it said if it let the scan in.
internal sealed record SocketAnswer(string Directory, int Port, string? Owner, ClusterAnswer? Answer)
{
    public static IEnumerable<SocketAnswer> Read(ScanOutput output)
    {
        SocketAnswer? socket = null;
        foreach (var line in output.Lines("pgdatabases"))
        {
            var fields = line.Split('\t', 3);
            if (fields is ["socket", var owner, var path] && path.LastIndexOf("/.s.PGSQL.", StringComparison.Ordinal) is > 0 and var at
                && ServerProcess.Number(path[(at + 10)..]) is { } port)
            {
                if (socket is not null)
                {
                    yield return socket;
                }

                socket = new SocketAnswer(path[..at], port, owner.Length > 0 ? owner : null, null);
            }
            else if (socket is not null && line.StartsWith("answer\t", StringComparison.Ordinal))
            {
                socket = socket with { Answer = Parse(line[7..]) };
            }
        }

        if (socket is not null)
        {
            yield return socket;
        }
    }

    /// Null for an answer that was cut short.
    private static ClusterAnswer? Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PostgresJson.Default.ClusterAnswer);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

internal sealed record ClusterAnswer(string? Version, string? DataDirectory, IReadOnlyList<FoundDatabase>? Databases);

/// A server program on disk.
internal sealed record InstalledProgram(string Path, string Version)
{
    public static IReadOnlyList<InstalledProgram> Read(ScanOutput output) =>
        [.. output.Lines("pgprograms").Select(l => l.Split('\t')).Where(f => f.Length == 2)
            .Select(f => new InstalledProgram(f[0], f[1].Split(' ') is [_, _, var version, ..] ? version : "")).DistinctBy(p => p.Path)];
}
