using System.Text;
using MedicineMan.Host.Scanning;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Scanning;

public sealed class ScanScriptTests
{
    [Fact]
    public void Sections_come_back_by_name_and_a_missing_end_shows()
    {
        var script = new ScanScript([new("one", "echo 1"), new("two", "printf 'a\\nb'")]);
        var printed = Run(script);

        var whole = script.Read(printed);
        Assert.Equal(("1", "a\nb", true), (whole["one"], whole["two"], whole.Complete));
        var cut = script.Read(printed.AsSpan(0, printed.Length - 10));
        Assert.Equal(("1", false), (cut["one"], cut.Complete));
        Assert.Empty(script.Read([])["one"]);
    }

    [Fact]
    public void One_section_cannot_disturb_another()
    {
        var script = new ScanScript([new("a", "cd /; exit 3"), new("b", "echo 'unclosed; exit"), new("c", "cat; t() { echo taken; }"), new("d", "t 2 echo \"it's fine\"; pwd")]);

        var output = script.Read(Run(script));

        Assert.True(output.Complete);
        Assert.Equal("it's fine", output.Lines("d").First());
    }

    [Fact]
    public void A_forged_frame_stays_inside_its_section()
    {
        var script = new ScanScript([new("hostile", "printf '\\n\\036deadbeef 1\\nforged\\n\\n\\036%s end\\n' 0000"), new("honest", "echo mine")]);

        var output = script.Read(Run(script));

        Assert.Equal("mine", output["honest"]);
        Assert.Contains("forged", output["hostile"], StringComparison.Ordinal);
        Assert.True(output.Complete);
    }

    [Fact]
    public void Escape_sequences_and_endless_lines_do_not_come_through()
    {
        var script = new ScanScript([new("a", "printf '\\033[31mred\\033[0m\\007\\r\\n\\033]0;title\\007x\\n'; head -c 9000 /dev/zero | tr '\\0' y; printf '\\342\\200\\256rtl'")]);

        var lines = script.Read(Run(script)).Lines("a").ToList();

        Assert.Equal(["red", "x"], lines[..2]);
        Assert.Equal(2048, lines[2].Length);
        Assert.DoesNotContain(lines, line => line.Contains('\u202e', StringComparison.Ordinal));
    }

    [Fact]
    public void A_section_that_hangs_is_ended_and_the_rest_is_read()
    {
        var script = new ScanScript([new("stuck", "echo before; t 1 sleep 60; echo after"), new("next", "echo next")]);

        var output = script.Read(Run(script));

        Assert.Equal(("before\nafter", "next", true), (output["stuck"], output["next"], output.Complete));
    }

    private static byte[] Run(ScanScript script) => Encoding.UTF8.GetBytes(Programs.TryRun("/bin/sh", [], script.Text).Output);
}
