using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Sdk;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Packages;

/// Packages as they are made and read, and every way to make a bad one.
public sealed class PackageFormTests : IDisposable
{
    private readonly PackageForge forge = new();
    private readonly TemporaryFolder folder = new("packages");

    [Fact]
    public async Task A_packed_and_signed_plugin_reads_as_it_was_built()
    {
        var file = await PackageWriter.Pack(PluginFolders.Hello, folder["hello.mmp"], default);
        var signature = await PackageSigner.Sign(file, forge.Key, null, default);
        var read = await Extract(file);

        Assert.Equal(("samples.hello", "0.1.0"), (read.Manifest.Id, read.Manifest.Version));
        Assert.Equal((forge.Fingerprint, "samples"), (read.Signature!.Fingerprint, signature.Publisher));
        Assert.Equal(PackageChecksums.HashOf(file), read.Sha256);
        foreach (var name in new[] { "MedicineMan.Samples.Hello.dll", "MedicineMan.Samples.Hello.deps.json", "plugin.json", "Templates/greeting.html" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(PluginFolders.Hello, name)), File.ReadAllBytes(Path.Combine(read.Package.Folder, name)));
        }

        Assert.False(File.Exists(Path.Combine(read.Package.Folder, "MedicineMan.Samples.Hello.runtimeconfig.json")));
    }

    [Fact]
    public async Task The_same_folder_gives_the_same_bytes_wherever_and_whenever_it_is_packed()
    {
        var copy = PluginFolders.Copy(PluginFolders.Hello, folder["elsewhere"]);
        File.Copy(Path.Combine(PluginFolders.Hello, "plugin.json"), Path.Combine(copy, "plugin.json"), overwrite: true);
        foreach (var built in Directory.EnumerateFiles(copy, "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(built, new DateTime(2031, 5, 6, 7, 8, 9, DateTimeKind.Utc));
        }

        await PackageWriter.Pack(PluginFolders.Hello, folder["one.mmp"], default);
        await PackageWriter.Pack(copy, folder["two.mmp"], default);

        Assert.Equal(File.ReadAllBytes(folder["one.mmp"]), File.ReadAllBytes(folder["two.mmp"]));
    }

    [Fact]
    public async Task A_folder_that_no_host_would_load_is_not_packed()
    {
        var copy = PluginFolders.Copy(PluginFolders.Hello, folder["broken"], manifest => manifest["id"] = "Hello");

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => PackageWriter.Pack(copy, folder["broken.mmp"], default));

        Assert.Equal("MM1002", refused.Problems[0].Code);
        Assert.False(File.Exists(folder["broken.mmp"]));
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "newer SDK", "MM1003" }, { "older major", "MM1003" }, { "copied SDK", "MM1005" }, { "no dll", "MM1004" }, { "no manifest", "MM1001" },
        { "not a zip", "MM1030" }, { "half a package", "MM1030" }, { "no checksums", "MM1030" }, { "garbled checksums", "MM1030" },
        { "too large", "MM1031" }, { "too many files", "MM1032" }, { "bomb", "MM1032" }, { "swelling file", "MM1032" },
        { "../evil.txt", "MM1033" }, { "Templates/../../evil.txt", "MM1033" }, { "/evil.txt", "MM1033" }, { "..\\evil.txt", "MM1033" }, { "C:evil.txt", "MM1033" }, { "folder/", "MM1033" },
        { "nul.txt", "MM1033" }, { "evil\u0000.txt", "MM1033" }, { "trailing.", "MM1033" }, { "PLUGIN.JSON", "MM1033" }, { "./evil.txt", "MM1033" },
        // The runtime hands out no more than was announced; so what is unpacked is cut off, and its hash is wrong.
        { "lying bomb", "MM1036" }, { "link", "MM1034" }, { "unlisted file", "MM1035" }, { "missing file", "MM1035" }, { "wrong hash", "MM1036" }, { "bad signature", "MM1038" }, { "garbled signature", "MM1038" },
        { "another version inside", "MM1041" }, { "another publisher's name", "MM1041" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task A_hostile_package_is_refused_with_its_code_and_leaves_nothing_outside_staging(string how, string code)
    {
        var file = await Make(how);
        var before = Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).ToList();

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => Extract(file));

        Assert.Equal(code, refused.Problems[0].Code);
        Assert.All(refused.Problems, problem => Assert.True(problem.What.Length > 0 && problem.Why.Length > 0 && problem.Fix.Length > 0));
        Assert.DoesNotContain('\0', refused.Message);
        var staging = folder["staging"];
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Where(path => !path.StartsWith(staging, StringComparison.Ordinal)));
        Assert.True(Directory.EnumerateFiles(staging, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length) < 4 << 20, "It was unpacked too far.");
    }

    [Theory]
    [InlineData("1.0.0", "1.0.1", -1)]
    [InlineData("1.10.0", "1.9.0", 1)]
    [InlineData("1.0.0-beta", "1.0.0", -1)]
    [InlineData("1.0.0-beta.2", "1.0.0-beta.11", -1)]
    [InlineData("1.0.0-alpha.1", "1.0.0-alpha.beta", -1)]
    [InlineData("1.0.0+one", "1.0.0+two", 0)]
    public void Versions_come_in_semantic_order(string left, string right, int order)
    {
        Assert.Equal(order, Math.Sign(VersionOrder.Instance.Compare(left, right)));
        Assert.Equal(-order, Math.Sign(VersionOrder.Instance.Compare(right, left)));
    }

    [Theory]
    [InlineData("<1.2.4", "1.2.3", true)]
    [InlineData("<1.2.4", "1.2.4", false)]
    [InlineData(">=1.0.0 <1.2.4", "0.9.0", false)]
    [InlineData("=2.0.0", "2.0.0", true)]
    public void An_advisory_means_the_versions_in_its_range(string range, string version, bool holds) => Assert.Equal(holds, VersionRange.Parse(range)!.Holds(version));

    [Theory]
    [InlineData("")]
    [InlineData("1.2.4")]
    [InlineData("<1.2")]
    public void What_is_no_range_is_none(string range) => Assert.Null(VersionRange.Parse(range));

    public void Dispose()
    {
        forge.Dispose();
        folder.Dispose();
    }

    private Task<ReadPackage> Extract(string file) => PackageReader.Extract(file, Directory.CreateDirectory(folder["staging"]).FullName, default);

    private async Task<string> Make(string how)
    {
        switch (how)
        {
            case "newer SDK":
                return await forge.Pack("1.0.0", manifest => manifest["engine"]!["sdk"] = ">=1.9 <2.0");
            case "older major":
                return await forge.Pack("1.0.0", manifest => manifest["engine"]!["sdk"] = ">=0.1 <1.0");
            case "copied SDK":
                return await forge.Pack("1.0.0", files: built => File.Copy(typeof(IPlugin).Assembly.Location, Path.Combine(built, "MedicineMan.Sdk.dll")));
            case "no dll":
                return await forge.Pack("1.0.0", files: built => File.Delete(Path.Combine(built, "MedicineMan.Samples.Hello.dll")));
            case "no manifest":
                return await forge.Pack("1.0.0", files: built => File.Delete(Path.Combine(built, "plugin.json")));
            case "another version inside":
                return await forge.Pack("1.0.0", listedAs: "1.0.1");
        }

        var file = await forge.Pack("1.0.0");
        switch (how)
        {
            case "not a zip":
                await File.WriteAllTextAsync(file, "hello");
                break;
            case "half a package":
                await File.WriteAllBytesAsync(file, File.ReadAllBytes(file)[..2000]);
                break;
            case "too large":
                using (var stream = File.OpenWrite(file))
                {
                    stream.SetLength(PackageForm.LargestPackage + 1);
                }

                break;
            case "lying bomb":
                PackageForge.Tamper(file, zip => PackageForge.Put(zip, "plugin.json", new byte[3 << 20]));
                Understate(file, "plugin.json", 1000);
                break;
            case "another publisher's name":
                await PackageForge.Sign(file, forge.Key, "medicineman");
                break;
            default:
                PackageForge.Tamper(file, zip => Spoil(zip, how));
                break;
        }

        return file;
    }

    private static void Spoil(ZipArchive zip, string how)
    {
        switch (how)
        {
            case "no checksums":
                zip.GetEntry(PackageForm.ChecksumsFile)!.Delete();
                break;
            case "garbled checksums":
                PackageForge.Put(zip, PackageForm.SignatureFile, "{}"u8.ToArray());
                PackageForge.Put(zip, PackageForm.ChecksumsFile, """{"checksums": 1, "files": {"plugin.json": 7}}"""u8.ToArray());
                break;
            case "too many files":
                for (var at = 0; at <= PackageForm.MostFiles; at++)
                {
                    zip.CreateEntry($"f{at}");
                }

                break;
            case "bomb":
                PackageForge.Put(zip, "zeros", new byte[PackageForm.LargestFile + 1]);
                break;
            case "swelling file":
                PackageForge.Put(zip, "zeros", new byte[PackageForm.RatioMatters + 1]);
                break;
            case "link":
                PackageForge.Put(zip, "link", "/etc/passwd"u8.ToArray(), 0xA1FF << 16);
                break;
            case "unlisted file":
                PackageForge.Put(zip, "more.txt", "more"u8.ToArray());
                break;
            case "missing file":
                zip.GetEntry("Templates/greeting.html")!.Delete();
                break;
            case "wrong hash":
                PackageForge.Put(zip, "MedicineMan.Samples.Hello.dll", RandomNumberGenerator.GetBytes(5000));
                break;
            case "bad signature":
                using (var reader = new StreamReader(zip.GetEntry(PackageForm.ChecksumsFile)!.Open()))
                {
                    var text = reader.ReadToEnd();
                    reader.Close();
                    PackageForge.Put(zip, PackageForm.ChecksumsFile, Encoding.UTF8.GetBytes(text + " "));
                }

                break;
            case "garbled signature":
                PackageForge.Put(zip, PackageForm.SignatureFile, """{"signature": 1, "publisher": "samples"}"""u8.ToArray());
                break;
            default:
                zip.CreateEntry(how);
                break;
        }
    }

    /// Writes a smaller size into the archive's directory, where it is read from.
    private static void Understate(string file, string name, int size)
    {
        var bytes = File.ReadAllBytes(file);
        var wanted = Encoding.ASCII.GetBytes(name);
        for (var at = 0; at < bytes.Length - 46; at++)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)) == 0x02014b50 && bytes.AsSpan(at + 46).StartsWith(wanted))
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at + 24), size);
                File.WriteAllBytes(file, bytes);
                return;
            }
        }

        throw new InvalidOperationException($"{name} is not in the directory.");
    }
}
