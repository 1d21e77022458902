using System.Globalization;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Plugins.Linux.Tests;

public sealed class LinuxScannerTests
{
    private readonly LinuxScanner scanner = new();

    [Fact]
    public async Task Debian_is_read()
    {
        var report = await Read(
            ("os", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\nHOME_URL=\"https://www.debian.org/?a=b\"\n"),
            ("kernel", "Linux 6.1.0-18-amd64 x86_64\ndb1.example.org\n"),
            ("load", "uptime 93784.22 180000.11\nload 0.42 0.30 0.25 1/234 5678\nMemTotal:        8048884 kB\nMemFree:          500000 kB\nMemAvailable:    6021234 kB\nBuffers: 1 kB\nCached: 2 kB\nprocessors 4\n"),
            ("virtualisation", "kvm\n"),
            ("df", """
                Filesystem              Type     1024-blocks     Used Available Capacity Mounted on
                udev                    devtmpfs     4000000        0   4000000       0% /dev
                tmpfs                   tmpfs         804888      900    803988       1% /run
                /dev/mapper/vg-root     ext4        50000000 20000000  27000000      43% /
                /dev/mapper/vg-root     ext4        50000000 20000000  27000000      43% /var/lib/docker
                /dev/sdb1               xfs        100000000 90000000  10000000      90% /srv/with space
                nas:/export/my files    nfs4       200000000 10000000 190000000       5% /mnt/nas
                overlay                 overlay     50000000 20000000  27000000      43% /var/lib/docker/overlay2/x/merged
                """),
            ("ports", "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 244 127.0.0.1:5432 0.0.0.0:* users:((\"postgres\",pid=1,fd=5))\nLISTEN 0 128 [::]:22 [::]:*\n"));
        Assert.Equal(new Dictionary<string, string>
        {
            ["os.name"] = "Debian GNU/Linux 12 (bookworm)", ["os.id"] = "debian", ["os.version"] = "12", ["kernel"] = "Linux 6.1.0-18-amd64 x86_64",
            ["hostname"] = "db1.example.org", ["uptime.seconds"] = "93784", ["load.1"] = "0.42", ["cpu.count"] = "4", ["memory.total"] = "8242057216",
            ["memory.available"] = "6165743616", ["virtualisation"] = "kvm", ["ports.tcp"] = "22, 5432",
        }, report.Facts);
        Assert.Equal(
            [
                new DiskUsage("/", "/dev/mapper/vg-root", "ext4", 51200000000, 20480000000, 27648000000),
                new DiskUsage("/srv/with space", "/dev/sdb1", "xfs", 102400000000, 92160000000, 10240000000),
                new DiskUsage("/mnt/nas", "nas:/export/my files", "nfs4", 204800000000, 10240000000, 194560000000),
            ],
            report.Disks);
    }

    [Fact]
    public async Task Alpine_with_busybox_and_no_ss_is_read()
    {
        var report = await Read(
            ("os", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME='Alpine Linux v3.19'\n"),
            ("kernel", "Linux 6.6.14-0-virt aarch64\nlocalhost\n"),
            ("load", "uptime 12.5 3.0\nload 1.00 0.5 0.1 2/80 900\nMemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 10 kB\nCached: 200 kB\nprocessors 1\n"),
            ("df", """
                Filesystem           1024-blocks    Used Available Capacity Mounted on
                devtmpfs                   10240       0     10240   0% /dev
                shm                       498524       0    498524   0% /dev/shm
                /dev/vda3               19489552 1056980  17419208   6% /
                """),
            ("ports", "hex\n  sl  local_address rem_address   st tx_queue\n   0: 00000000:0016 00000000:0000 0A 00000000:00000000\n   1: 0100007F:A3C4 0100007F:0016 01 00000000:00000000\n   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0\n"));
        Assert.Equal("Alpine Linux v3.19", report.Facts["os.name"]);
        Assert.Equal((310 * 1024).ToString(CultureInfo.InvariantCulture), report.Facts["memory.available"]);
        Assert.Equal("22, 80", report.Facts["ports.tcp"]);
        Assert.False(report.Facts.ContainsKey("virtualisation"));
        Assert.Equal(new DiskUsage("/", "/dev/vda3", "", 19957301248, 1082347520, 17837268992), Assert.Single(report.Disks));
    }

    [Fact]
    public async Task Red_Hat_is_read_with_its_version()
    {
        var report = await Read(("os", "NAME=\"Red Hat Enterprise Linux\"\nVERSION=\"9.3 (Plow)\"\nID=\"rhel\"\nVERSION_ID=\"9.3\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 9.3 (Plow)\"\n"),
            ("df", "/dev/mapper/rhel-root xfs 73364480 9123456 64241024 13% /\n/dev/nvme0n1p1 vfat 613184 7200 605984 2% /boot/efi\n"));
        Assert.Equal(("rhel", "9.3", "Red Hat Enterprise Linux 9.3 (Plow)"), (report.Facts["os.id"], report.Facts["os.version"], report.Facts["os.name"]));
        Assert.Equal(["/", "/boot/efi"], report.Disks.Select(d => d.Mount));
    }

    [Theory]
    [InlineData("")]
    [InlineData("=\n==\nID\n$(reboot)=`x`\n\"")]
    [InlineData("Filesystem 1 2 3 4% /\n99999999999999999999 ext4 99999999999999999999 1 1 1% /\n/dev/x ext4 -5 1 1 1% /y\nMemTotal: kB\nload\nuptime x\nLISTEN 0 0 x:99999999 y\n")]
    public async Task Nonsense_gives_a_partial_result_and_no_failure(string text)
    {
        var report = await Read([.. scanner.Sections.Select(s => (s.Name, text))]);
        Assert.DoesNotContain(report.Disks, d => d.TotalBytes <= 0);
    }

    [SkippableTheory]
    [InlineData("dash")]
    [InlineData("bash")]
    [InlineData("busybox")]
    public async Task This_machine_is_read(string shell)
    {
        var report = await scanner.ReadAsync(Script.Run(shell, scanner.Sections), default);
        Assert.Equal((await File.ReadAllTextAsync("/proc/sys/kernel/hostname")).Trim(), report.Facts["hostname"]);
        Assert.Equal(File.ReadLines("/proc/cpuinfo").Count(l => l.StartsWith("processor", StringComparison.Ordinal)).ToString(CultureInfo.InvariantCulture), report.Facts["cpu.count"]);
        foreach (var fact in new[] { "os.name", "os.id", "kernel", "memory.total", "memory.available", "uptime.seconds", "load.1" })
        {
            Assert.True(report.Facts.ContainsKey(fact), fact);
        }

        Assert.Contains(report.Disks, d => d.Mount == "/" && d.TotalBytes >= d.UsedBytes && d.FreeBytes > 0);
    }

    private async Task<ScanReport> Read(params (string Name, string Text)[] sections) =>
        await scanner.ReadAsync(new ScanOutput(sections.ToDictionary(s => s.Name, s => s.Text), complete: true), default);
}
