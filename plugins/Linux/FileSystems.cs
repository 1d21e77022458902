using System.Globalization;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Plugins.Linux;

/// Mounted file systems that hold data, from <c>df -PTk</c>, or from <c>df -Pk</c> of a busybox that knows no types.
internal static class FileSystems
{
    private static readonly string[] WithoutData = ["tmpfs", "devtmpfs", "overlay", "squashfs", "proc", "sysfs", "efivarfs", "cgroup", "cgroup2", "devfs", "iso9660", "udev", "none", "shm", "fuse.lxcfs"];

    public static IReadOnlyList<DiskUsage> Read(ScanOutput output) =>
        [.. output.Lines("df").Select(Parse).OfType<DiskUsage>().GroupBy(d => d.Device == "-" ? d.Mount : d.Device).Select(same => same.MinBy(d => d.Mount.Length)!)];

    /// Device and mount point may hold spaces; the numbers between them tell the fields apart.
    private static DiskUsage? Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 1; i + 4 < words.Length; i++)
        {
            if (words[i + 3].EndsWith('%') && words[i + 4].StartsWith('/')
                && Number(words[i]) is { } total && Number(words[i + 1]) is { } used && Number(words[i + 2]) is { } free)
            {
                // With types there is one word more in front; a device of several words without a type is nothing df prints.
                var type = i > 1 ? words[i - 1] : "";
                var device = string.Join(' ', words[..(i > 1 ? i - 1 : 1)]);
                return total == 0 || WithoutData.Contains(type) || WithoutData.Contains(device)
                    ? null
                    : new DiskUsage(string.Join(' ', words[(i + 4)..]), device, type, total * 1024, used * 1024, free * 1024);
            }
        }

        return null;
    }

    private static long? Number(string word) => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
