using MedicineMan.Host.Backups.Runs;

namespace MedicineMan.Host.Tests.Backups;

public sealed class StreamNameTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a/b", "a%2Fb")]
    [InlineData("100%", "100%25")]
    [InlineData("two\nlines", "two%0Alines")]
    [InlineData(".", "%2E")]
    [InlineData("..", "%2E%2E")]
    [InlineData("", "%")]
    [InlineData("数据 'x'; ..", "数据 'x'; ..")]
    public void A_name_becomes_one_file_name(string name, string expected) => Assert.Equal([expected], StreamName.Path([name]));

    [Fact]
    public void Different_names_never_become_the_same_file()
    {
        string[] names = ["", "%", "%25", ".", "%2E", "..", "%2E%2E", "a/b", "a%2Fb", "a", "A", "a\n", "a%0A"];
        Assert.Equal(names.Length, names.Select(name => StreamName.Path([name])[0]).Distinct().Count());
    }
}
