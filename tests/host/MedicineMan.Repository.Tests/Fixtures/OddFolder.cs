namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>A folder with all that makes a name, a link, a mode or a time difficult.</summary>
internal static class OddFolder
{
    private static readonly string[] Names =
        ["plain", "with space", "quote\"s", "back\\slash", "new\nline", "\a\b\f\r\v\t", "täglich", "日本", "-dash", "\u00a0\u200b\u00ad", new string('x', 255), "😀", "<&>", "\u007f\u0001"];

    public static async Task<string> Make(string path)
    {
        Directory.CreateDirectory(Path.Combine(path, "sub/deeper/empty folder"));
        foreach (var name in Names)
        {
            File.WriteAllText(Path.Combine(path, name), name);
        }

        File.WriteAllBytes(Path.Combine(path, "sub/rows"), Some.Rows(40_000));
        File.WriteAllBytes(Path.Combine(path, "sub/noise"), Some.Noise(2_500_000));
        File.WriteAllBytes(Path.Combine(path, "sub/deeper/empty"), []);
        File.CreateSymbolicLink(Path.Combine(path, "link"), "sub/noise");
        File.CreateSymbolicLink(Path.Combine(path, "dangling"), "/no/such/\"place\"");
        // Names that are not UTF-8 can't be made through a .NET string.
        await Shell.Run("printf stray > \"$1/stray$(printf '\\377\\303')name\"; mkfifo \"$1/pipe\"; chmod 6751 \"$1/sub/noise\"; chmod 1777 \"$1/sub\"; touch -d '2001-02-03 04:05:06.123456789' \"$1/sub/noise\" \"$1/sub\" \"$1/plain\"", path);
        return path;
    }
}
