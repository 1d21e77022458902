using System.Diagnostics;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>What .NET has no door for.</summary>
internal static class Shell
{
    /// <summary>All entries below a folder with kind, mode, owner, time, size, link target and content hash; bytes that are not UTF-8 escaped.</summary>
    public static async Task<string> Listing(string folder)
    {
        var entries = await Run("cd \"$1\" && find . -printf '%P %y %m %u %g %T@ %l\\n' | LC_ALL=C sort | LC_ALL=C cat -v", folder);
        var content = await Run("cd \"$1\" && find . -type f -print0 | LC_ALL=C sort -z | LC_ALL=C xargs -0 sha256sum | LC_ALL=C cat -v", folder);
        Assert.NotEmpty(content);
        return entries + content;
    }

    public static async Task<bool> Has(string program) => await Run("command -v \"$1\" || true", program) != "";

    public static async Task<string> Run(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-c", script, "sh", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{script}: {await errors}");
        return output;
    }
}
