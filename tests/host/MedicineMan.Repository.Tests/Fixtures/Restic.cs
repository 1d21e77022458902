using System.Diagnostics;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>The stock restic program: the independent judge of what we write.</summary>
internal sealed class Restic(string repository, string password, string workFolder)
{
    public static bool IsInstalled { get; } = Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "restic")));

    public static void SkipUnlessInstalled() => Skip.IfNot(IsInstalled, "restic is not installed (Debian package restic).");

    /// <summary>Runs it and expects success.</summary>
    public async Task<string> Run(params string[] arguments)
    {
        var (code, output, errors) = await Try(null, arguments);
        Assert.True(code == 0, $"restic {string.Join(' ', arguments)} exited with {code}: {errors}{output}");
        return System.Text.Encoding.UTF8.GetString(output);
    }

    /// <summary>Runs it with bytes for its standard input, and gives its exit code, output and errors.</summary>
    public async Task<(int Code, byte[] Output, string Errors)> Try(byte[]? input, params string[] arguments)
    {
        Directory.CreateDirectory(workFolder);
        var start = new ProcessStartInfo("restic") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["RESTIC_REPOSITORY"] = repository;
        start.Environment["RESTIC_PASSWORD"] = password;
        start.Environment["XDG_CACHE_HOME"] = workFolder;
        start.Environment["HOME"] = workFolder;
        foreach (var argument in arguments.Append("--no-cache"))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input ?? []);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code says why.
        }

        await process.WaitForExitAsync();
        await reading;
        return (process.ExitCode, output.ToArray(), await errors);
    }
}
