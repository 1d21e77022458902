using System.Diagnostics;
using System.Text.Json;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Cli.Repository;

/// The program as a process, since standard input and output are a process's own.
public sealed class RepositoryStreamTests : IDisposable
{
    private readonly TemporaryFolder folder = new("stream");

    public RepositoryStreamTests() => File.WriteAllText(folder["password"], "a password\n");

    [Fact]
    public async Task A_stream_goes_in_and_comes_out_bit_for_bit()
    {
        var content = Content();
        Expect(await Run([], "init"));

        var backup = await Run(content, "backup", "--stdin", "--stdin-filename", "dumps/all.sql", "--json");
        Expect(backup);
        Assert.Equal(content.Length, JsonDocument.Parse(System.Text.Encoding.UTF8.GetString(backup.Output).Trim().Split('\n')[^1]).RootElement.GetProperty("statistics").GetProperty("bytesRead").GetInt64());

        var dump = await Run([], "dump", "latest", "/dumps/all.sql");
        Expect(dump);
        Assert.True(content.AsSpan().SequenceEqual(dump.Output), $"{dump.Output.Length} bytes came back, and they are not the {content.Length} that went in.");
    }

    [Fact]
    public async Task An_empty_stream_comes_out_empty()
    {
        Expect(await Run([], "init"));
        Expect(await Run([], "backup", "--stdin"));

        var dump = await Run([], "dump", "latest", "/stdin");
        Expect(dump);
        Assert.Empty(dump.Output);
    }

    [Fact]
    public async Task A_folder_comes_out_as_tar_or_zip_and_any_stretch_of_tar_and_file_is_that_of_the_whole()
    {
        Directory.CreateDirectory(folder["source/sub"]);
        File.WriteAllText(folder["source/sub/file"], "content");
        File.WriteAllBytes(folder["source/noise"], Content());
        Expect(await Run([], "init"));
        Expect(await Run([], "backup", folder["source"]));

        var tar = await Run([], "dump", "latest", folder["source"]);
        Expect(tar);
        Assert.Equal(tar.Output[700_001..900_001], (await Run([], "dump", "latest", folder["source"], "--offset", "700001", "--length", "200000")).Output);
        Assert.Equal(Content()[100_000..], (await Run([], "dump", "latest", folder["source/noise"], "--offset", "100000")).Output);
        using var unpacked = new MemoryStream(tar.Output);
        System.Formats.Tar.TarFile.ExtractToDirectory(unpacked, Directory.CreateDirectory(folder["out"]).FullName, overwriteFiles: false);
        Assert.Equal("content", File.ReadAllText(folder["out"] + folder["source/sub/file"]));

        Expect(await Run([], "dump", "latest", folder["source"], "--archive", "zip", "--target", folder["archive.zip"]));
        using var zip = System.IO.Compression.ZipFile.OpenRead(folder["archive.zip"]);
        Assert.Equal(7, zip.GetEntry(folder["source/sub/file"][1..])!.Length);
        Assert.Contains("exists", (await Run([], "dump", "latest", folder["source"], "--target", folder["archive.zip"])).Errors, StringComparison.Ordinal);
        Assert.Contains("Take tar", (await Run([], "dump", "latest", folder["source"], "--archive", "zip", "--offset", "5")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dump_that_fails_says_so_and_puts_nothing_out()
    {
        Expect(await Run([], "init"));
        Expect(await Run(Content(), "backup", "--stdin"));
        foreach (var pack in Directory.GetFiles(folder["repository/data"], "*", SearchOption.AllDirectories))
        {
            File.Delete(pack);
        }

        var dump = await Run([], "dump", "latest", "/stdin");

        Assert.Equal(1, dump.Code);
        Assert.Empty(dump.Output);
        Assert.Single(dump.Errors.Trim().Split('\n'));
    }

    public void Dispose() => folder.Dispose();

    // Lines that compress, then bytes that do not: several blocks of either.
    private static byte[] Content()
    {
        var noise = new byte[700_000];
        new Random(1).NextBytes(noise);
        return [.. Enumerable.Range(0, 100_000).SelectMany(row => System.Text.Encoding.UTF8.GetBytes($"{row}\trow\n")), .. noise];
    }

    private static void Expect((int Code, byte[] Output, string Errors) ran) => Assert.True(ran.Code == 0, ran.Errors);

    private async Task<(int Code, byte[] Output, string Errors)> Run(byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "medicineman"), ["repository", .. arguments, "--repo", folder["repository"], "--password-file", folder["password"]])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync();
        return (process.ExitCode, output.ToArray(), await errors);
    }
}
