using System.Text.Json;
using System.Text.RegularExpressions;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.BackingUp;

public sealed class MetadataTests
{
    [SkippableFact]
    public async Task Attributes_hard_links_and_devices_come_back_by_either_program_and_from_either()
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        await MakeFolder(scratch);
        await using var ours = await TestRepository.Create();
        Assert.Empty((await ours.BackUpFolder(scratch["source"])).Skipped);
        await ours.Restic.Run("backup", scratch["source"]);

        // The same to the letter: else every folder would be stored anew when the programs take turns.
        var trees = await ours.Repository.Snapshots(default).Select(snapshot => snapshot.Tree.ToString()).ToListAsync();
        var listings = await Task.WhenAll(trees.Select(tree => Listing(ours.Restic, tree, scratch["source"])));
        Assert.Contains("extended_attributes", listings[0], StringComparison.Ordinal);
        Assert.Equal(listings[1], listings[0]);

        await ours.Restic.Run("restore", "latest", "--target", scratch["by-restic"]);
        var places = new List<string> { scratch["by-restic"] + scratch["source"] };
        await foreach (var snapshot in ours.Repository.Snapshots(default))
        {
            await using var tree = await ours.Repository.OpenSnapshot(snapshot.Id.ToString(), default);
            var target = scratch[snapshot.Id.Prefix];
            Assert.Empty((await tree.Restore(new RestoreOptions([], target), null, default)).Problems);
            places.Add(target + scratch["source"]);
        }

        var expected = await Facts(scratch["source"]);
        foreach (var place in places)
        {
            Assert.Equal(expected, await Facts(place));
            Assert.Equal(Attributes(scratch["source"] + "/file"), Attributes(place + "/file"));
            Assert.Equal(Attributes(scratch["source"] + "/sub"), Attributes(place + "/sub"));
        }
    }

    [Fact]
    public async Task A_sparse_file_comes_back_with_its_holes()
    {
        await using var scratch = new ScratchFolder();
        await Shell.Run("mkdir \"$1\" && cd \"$1\" && printf start > holes && truncate -s 40000000 holes && printf middle >> holes && truncate -s 90000001 holes && truncate -s 5000000 hollow", scratch["source"]);
        await using var ours = await TestRepository.Create();
        var snapshot = await ours.BackUpFolder(scratch["source"]);
        await using var tree = await ours.Repository.OpenSnapshot(snapshot.Id.ToString(), default);
        await tree.Restore(new RestoreOptions([], scratch["out"]), null, default);

        Assert.Equal(await Shell.Listing(scratch["source"]), await Shell.Listing(scratch["out"] + scratch["source"]));
        Assert.InRange(int.Parse(await Shell.Run("du -sk \"$1\" | cut -f1", scratch["out"] + scratch["source"]), System.Globalization.CultureInfo.InvariantCulture), 0, 500);
    }

    [Fact]
    public async Task An_attribute_that_can_not_be_set_is_reported_and_the_file_is_there()
    {
        await using var scratch = new ScratchFolder();
        scratch.Write("target/file", "content");
        using var folder = RestoredFolder.OpenTarget(scratch["target"]);
        var node = new TreeNode { Name = "file", Type = "file", Mode = 0x180, Attributes = [new ExtendedAttribute("no-such-namespace.name", [1])] };
        Assert.Contains("no-such-namespace.name", Assert.Single(new Description().Apply(folder, "file", node with { UserId = Posix.UserId(), GroupId = Posix.GroupId() }, "file")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("{\"name\":\"user.a\",\"value\":\"AQI=\"}", true)]
    [InlineData("{\"name\":\"user.a\",\"value\":null,\"other\":[{}]}", true)]
    [InlineData("{\"name\":\"\",\"value\":\"AQI=\"}", false)]
    [InlineData("{\"name\":\"user.a\",\"value\":\"&\"}", false)]
    public void Attributes_of_any_writer_are_read_or_refused(string attributes, bool isRead)
    {
        var json = System.Text.Encoding.UTF8.GetBytes($$"""{"nodes":[{"name":"a","type":"file","extended_attributes":[{{attributes}}],"content":[]}]}""");
        if (isRead)
        {
            Assert.Equal(attributes.Length > 0 ? 1 : 0, TreeReader.Read(json, default)[0].Attributes!.Count);
        }
        else
        {
            Assert.Throws<DamagedException>(() => TreeReader.Read(json, default));
        }
    }

    private static async Task MakeFolder(ScratchFolder scratch)
    {
        await Shell.Run("mkdir -p \"$1/sub\" && cd \"$1\" && printf content > file && ln file sub/again && ln file third && printf other > other && ln -s file link", scratch["source"]);
        if (Posix.UserId() == 0)
        {
            await Shell.Run("mknod \"$1/null\" c 1 3 && mknod \"$1/disk\" b 7 9 && chown 12:34 \"$1/other\"", scratch["source"]);
        }

        using var folder = RestoredFolder.OpenTarget(scratch["source"]);
        try
        {
            foreach (var (entry, name, value) in new[] { ("file", "user.empty", Array.Empty<byte>()), ("file", "user.bytes", [0, 1, 255]), ("sub", "user.täglich", [.. "ja"u8]) })
            {
                using var held = folder.Hold(entry);
                ExtendedAttributes.Set(held, isHeld: true, new ExtendedAttribute(name, value), entry);
            }
        }
        catch (PosixException failure)
        {
            Skip.If(true, $"The temporary folder keeps no attributes: {failure.Message}");
        }
    }

    private static Task<string> Facts(string folder) =>
        Shell.Run("cd \"$1\" && stat -c '%n %F %a %u %g %h %s %t %T %y' * sub/* && ls -i file sub/again third | awk '{print $1}' | sort -u | wc -l", folder);

    private static string Attributes(string path) =>
        string.Join(' ', ExtendedAttributes.Of(path)!.Select(attribute => $"{attribute.Name}={Convert.ToHexString(attribute.Value)}").Order());

    private static async Task<string> Listing(Restic restic, string tree, string folder)
    {
        foreach (var name in folder.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var nodes = JsonDocument.Parse(await restic.Run("cat", "blob", tree)).RootElement.GetProperty("nodes").EnumerateArray();
            tree = nodes.Single(node => node.GetProperty("name").GetString() == name).GetProperty("subtree").GetString()!;
        }

        return Regex.Replace(await restic.Run("cat", "blob", tree), "\"device_id\":[0-9]+,", "");
    }
}
