using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Packages;

/// Libraries that keep a plugin's code in memory by themselves: refused unless the manifest says that it does not matter.
public sealed class PinningTests : IDisposable
{
    private readonly TemporaryFolder folder = new("pinning");

    [Fact]
    public async Task Newtonsoft_is_refused_when_it_is_packed_verified_and_installed()
    {
        var built = WithNewtonsoft("hot", hotUnload: true);
        var packed = await Assert.ThrowsAsync<PluginRefusedException>(() => PackageWriter.Pack(built, folder["out.mmp"], default));
        // As by a packer of somebody else's, who does not look.
        await PackageWriter.Write(built, "samples.hello", "0.1.0", folder["out.mmp"], default);
        var read = await Assert.ThrowsAsync<PluginRefusedException>(() => PackageReader.Extract(folder["out.mmp"], Directory.CreateDirectory(folder["staged"]).FullName, default));

        Assert.All([packed, read], refused =>
        {
            var problem = Assert.Single(refused.Problems);
            Assert.Equal("MM1058", problem.Code);
            Assert.Contains("carries Newtonsoft.Json.dll", problem.What, StringComparison.Ordinal);
            Assert.Contains("\"hotUnload\": false", problem.Fix, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void It_is_taken_from_whoever_says_that_the_old_code_stays() => PackageCheck.Refuse(PluginPackage.Open(WithNewtonsoft("cold", hotUnload: false)));

    public void Dispose() => folder.Dispose();

    private string WithNewtonsoft(string name, bool hotUnload)
    {
        var built = PluginFolders.Copy(PluginFolders.Hello, folder[name], manifest =>
        {
            manifest["hotUnload"] = hotUnload;
            manifest["capabilities"] = new JsonArray(JsonNode.Parse("""{ "name": "native", "reason": "Newtonsoft.Json compiles its readers.", "scope": ["code"] }"""));
        });
        File.Copy(Path.Combine(PluginFolders.Sticky, "Newtonsoft.Json.dll"), Path.Combine(built, "Newtonsoft.Json.dll"));
        return built;
    }
}
