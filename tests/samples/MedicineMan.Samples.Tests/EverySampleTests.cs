using MedicineMan.Sdk.Testing;

namespace MedicineMan.Samples.Tests;

/// What holds for all samples, as they were built.
public sealed class EverySampleTests
{
    public static TheoryData<string> All => [.. Samples.All];

    [Theory]
    [MemberData(nameof(All))]
    public Task Its_code_is_collected_once_it_is_let_go(string name) => PluginTestHost.AssertUnloadsAsync(Samples.Folder(name));

    [Theory]
    [MemberData(nameof(All))]
    public void It_carries_no_copy_of_what_the_host_shares_and_no_code_but_its_own(string name) =>
        Assert.Equal([$"MedicineMan.Samples.{name}.dll"], Directory.EnumerateFiles(Samples.Folder(name), "*.dll", SearchOption.AllDirectories).Select(Path.GetFileName));

    [Theory]
    [MemberData(nameof(All))]
    public void Its_README_is_short(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Root(AppContext.BaseDirectory), "samples", name, "README.md"));
        Assert.InRange(lines.Length, 10, 20);
    }

    private static string Root(string folder) => File.Exists(Path.Combine(folder, "MedicineMan.sln")) ? folder : Root(Path.GetDirectoryName(folder)!);
}
