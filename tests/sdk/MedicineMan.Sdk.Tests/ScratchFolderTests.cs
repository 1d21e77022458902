using MedicineMan.Testbed;

namespace MedicineMan.Sdk.Tests;

public sealed class ScratchFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new("scratch");

    [Fact]
    public async Task A_file_of_the_folder_is_opened_by_its_name()
    {
        IScratchFolder scratch = new Scratch(folder.Path);
        await using (var file = scratch.Open("draft", FileMode.CreateNew))
        {
            file.WriteByte(7);
        }

        Assert.Equal([7], await File.ReadAllBytesAsync(folder["draft"]));
        Assert.Throws<IOException>(() => scratch.Open("draft", FileMode.CreateNew));
    }

    [Theory]
    [InlineData("../out")]
    [InlineData("/tmp/out")]
    [InlineData("sub/out")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    public void No_name_leads_out_of_it(string name)
    {
        IScratchFolder scratch = new Scratch(folder.Path);
        Assert.ThrowsAny<ArgumentException>(() => scratch.Open(name, FileMode.Create));
    }

    public void Dispose() => folder.Dispose();

    private sealed class Scratch(string path) : IScratchFolder
    {
        public string Path => path;

        public void Dispose()
        {
        }
    }
}
