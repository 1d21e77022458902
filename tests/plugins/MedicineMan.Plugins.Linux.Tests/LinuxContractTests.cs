using MedicineMan.Sdk.Scanning;
using MedicineMan.Sdk.Testing.Scanning;

namespace MedicineMan.Plugins.Linux.Tests;

/// Holds the scanner to what every scanner must do.
public sealed class LinuxContractTests : ScannerContract
{
    protected override IScanner Scanner { get; } = new LinuxScanner();

    protected override IReadOnlyDictionary<string, string> Sample { get; } = new Dictionary<string, string>
    {
        ["os"] = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
        ["kernel"] = "Linux 6.1.0-18-amd64 x86_64\ndb1.example.org\n",
        ["load"] = "uptime 93784.22 180000.11\nload 0.42 0.30 0.25 1/234 5678\nMemTotal:        8048884 kB\nMemAvailable:    6021234 kB\nprocessors 4\n",
        ["virtualisation"] = "kvm\n",
        ["df"] = "Filesystem Type 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 ext4 50000000 20000000 27000000 43% /\nnas:/export/my files nfs4 200000000 10000000 190000000 5% /mnt/nas\n",
        ["ports"] = "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 128 [::]:22 [::]:*\n",
    };
}
