using MedicineMan.Sdk.Scanning;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.Postgres.Tests;

/// Runs sections for real, one after another in one script as the host does.
internal static class Script
{
    public static ScanOutput Run(string shell, IEnumerable<ScanSection> sections)
    {
        var program = Programs.Require(shell);
        var script = "export LC_ALL=C\nt() { s=$1; shift; timeout \"$s\" \"$@\"; }\n"
            + string.Concat(sections.Select(s => $"printf '\\n\\036%s\\n' {s.Name}\n{s.Script}\n"));
        var output = Programs.Run(program, shell == "busybox" ? ["sh", "-s"] : ["-s"], script + "exit 0\n");
        return new ScanOutput(output.Split('\u001e').Skip(1).Select(part => part.Split('\n', 2)).ToDictionary(part => part[0], part => part[1]), complete: true);
    }
}
