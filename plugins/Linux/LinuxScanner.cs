using System.Globalization;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Plugins.Linux;

/// <summary>
/// Reads a Linux server's system, processors, memory, load, file systems and listening ports from files that everybody may read.
/// </summary>
public sealed class LinuxScanner : IScanner
{
    private const string Release = "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null || { r=$(cat /etc/alpine-release 2>/dev/null) && printf 'ID=alpine\\nNAME=\"Alpine Linux\"\\nVERSION_ID=%s\\n' \"$r\"; }";

    private const string Kernel = "uname -srm; cat /proc/sys/kernel/hostname 2>/dev/null || uname -n";

    private const string Load = """
        printf 'uptime '; cat /proc/uptime
        printf 'load '; cat /proc/loadavg
        grep -E '^(MemTotal|MemAvailable|MemFree|Buffers|Cached):' /proc/meminfo
        printf 'processors '; grep -c '^processor' /proc/cpuinfo
        """;

    // No tool on small systems, so the tell-tale files come after it.
    private const string Virtualisation = """
        t 3 systemd-detect-virt 2>/dev/null && exit 0
        [ -e /.dockerenv ] && echo docker && exit 0
        [ -e /run/.containerenv ] && echo podman && exit 0
        cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name 2>/dev/null
        grep -q '^flags.* hypervisor' /proc/cpuinfo 2>/dev/null && echo vm-other
        :
        """;

    private const string Disks = "t 5 df -PTk 2>/dev/null || t 5 df -Pk 2>/dev/null";

    // Decimal, whatever the tool: ss where it is, else the kernel's own table with ports in hexadecimal.
    private const string Ports = "t 5 ss -H -lnt 2>/dev/null || { echo hex; cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; }";

    /// <inheritdoc/>
    public string DisplayName => "Linux";

    /// <inheritdoc/>
    public IReadOnlyList<ScanSection> Sections { get; } =
    [
        new("os", Release), new("kernel", Kernel), new("load", Load), new("virtualisation", $"( {Virtualisation} )"), new("df", Disks), new("ports", Ports),
    ];

    /// <inheritdoc/>
    public ValueTask<ScanReport> ReadAsync(ScanOutput output, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(output);
        var facts = new Dictionary<string, string>();
        OperatingSystem(output, facts);
        Running(output, facts);
        if (output.Lines("virtualisation").FirstOrDefault() is { } virtualisation)
        {
            facts["virtualisation"] = virtualisation;
        }

        if (string.Join(", ", ListeningPorts.Read(output)) is { Length: > 0 } ports)
        {
            facts["ports.tcp"] = ports;
        }

        return ValueTask.FromResult(new ScanReport { Facts = facts, Disks = FileSystems.Read(output) });
    }

    private static void OperatingSystem(ScanOutput output, Dictionary<string, string> facts)
    {
        var release = output.Lines("os").Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => Unquoted(pair[1]));
        Put("os.name", release.GetValueOrDefault("PRETTY_NAME") ?? release.GetValueOrDefault("NAME"));
        Put("os.id", release.GetValueOrDefault("ID"));
        Put("os.version", release.GetValueOrDefault("VERSION_ID"));
        var kernel = output.Lines("kernel").ToList();
        Put("kernel", kernel.ElementAtOrDefault(0));
        Put("hostname", kernel.ElementAtOrDefault(1));

        void Put(string key, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                facts[key] = value;
            }
        }
    }

    /// os-release is written in shell: quotes and backslashes, but nothing is evaluated here.
    private static string Unquoted(string value) => value is ['"', .., '"'] or ['\'', .., '\''] ? value[1..^1].Replace("\\", "", StringComparison.Ordinal) : value;

    private static void Running(ScanOutput output, Dictionary<string, string> facts)
    {
        var memory = new Dictionary<string, long>();
        foreach (var words in output.Lines("load").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            switch (words)
            {
                case ["uptime", var seconds, ..] when double.TryParse(seconds, CultureInfo.InvariantCulture, out var up):
                    facts["uptime.seconds"] = Math.Floor(up).ToString("0", CultureInfo.InvariantCulture);
                    break;
                case ["load", var one, ..] when double.TryParse(one, CultureInfo.InvariantCulture, out _):
                    facts["load.1"] = one;
                    break;
                case ["processors", var count] when count != "0":
                    facts["cpu.count"] = count;
                    break;
                case [var name, var kibibytes, ..] when long.TryParse(kibibytes, CultureInfo.InvariantCulture, out var size):
                    memory[name.TrimEnd(':')] = size * 1024;
                    break;
            }
        }

        if (memory.TryGetValue("MemTotal", out var total))
        {
            facts["memory.total"] = total.ToString(CultureInfo.InvariantCulture);
            // Kernels before 3.14 do not estimate it.
            var available = memory.TryGetValue("MemAvailable", out var estimate)
                ? estimate
                : memory.GetValueOrDefault("MemFree") + memory.GetValueOrDefault("Buffers") + memory.GetValueOrDefault("Cached");
            facts["memory.available"] = available.ToString(CultureInfo.InvariantCulture);
        }
    }
}
