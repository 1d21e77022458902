using System.Net;
using MedicineMan.Host.Plugins.Development;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Development;

/// An author builds while the host runs.
public sealed class DevelopmentFolderTests
{
    private static readonly Uri Greeting = new("/plugins/samples.hello/greeting", UriKind.Relative);

    [Fact]
    public async Task Every_build_takes_over_and_one_that_does_not_hold_leaves_the_last_in_use()
    {
        using var folder = new TemporaryFolder("build");
        var built = folder["out"];
        await using var host = await PluginTestHost.Start([], options => options.Dev.Add(built));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync(Greeting)).StatusCode);

        PluginFolders.Copy(PluginFolders.Hello, built);
        await Until(host, "from Hello 0.1.0.");

        await Build(built, text => text.Replace("0.1.0", "0.2.0", StringComparison.Ordinal));
        await Until(host, "from Hello 0.2.0.");

        await Build(built, text => text.Replace("\"greet\"", "\"other\"", StringComparison.Ordinal).Replace("0.2.0", "0.3.0", StringComparison.Ordinal));
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.Contains("from Hello 0.2.0.", await host.Client.GetStringAsync(Greeting), StringComparison.Ordinal);

        await Build(built, text => text.Replace("\"other\"", "\"greet\"", StringComparison.Ordinal).Replace("0.3.0", "0.4.0", StringComparison.Ordinal));
        await Until(host, "from Hello 0.4.0.");
    }

    [Theory]
    [InlineData("http://127.0.0.1:5080", true)]
    [InlineData("http://localhost:5080", true)]
    [InlineData("https://[::1]:5080", true)]
    [InlineData("http://0.0.0.0:5080", false)]
    [InlineData("http://*:5080", false)]
    [InlineData("http://+:80", false)]
    [InlineData("http://[::]:5080", false)]
    [InlineData("http://192.168.1.4:5080", false)]
    [InlineData("http://localhost.example.org:5080", false)]
    public void Only_a_host_that_nobody_else_can_reach_follows_folders(string address, bool loopback) => Assert.Equal(loopback, DevelopmentFolders.IsLoopback(address));

    private static Task Build(string folder, Func<string, string> change)
    {
        var manifest = Path.Combine(folder, "plugin.json");
        return File.WriteAllTextAsync(manifest, change(File.ReadAllText(manifest)));
    }

    private static async Task Until(PluginTestHost host, string answer)
    {
        var said = "";
        for (var round = 0; round < 300; round++)
        {
            using var response = await host.Client.GetAsync(Greeting);
            said = await response.Content.ReadAsStringAsync();
            if (said.Contains(answer, StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(100);
        }

        Assert.Contains(answer, said, StringComparison.Ordinal);
    }
}
