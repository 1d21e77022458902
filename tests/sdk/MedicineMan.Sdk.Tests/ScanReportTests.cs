using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Sdk.Tests;

public sealed class ScanReportTests
{
    [Theory]
    [InlineData(new double[] { }, 0)]
    [InlineData(new[] { 0.8 }, 0.8)]
    [InlineData(new[] { 0.8, 0.5 }, 0.9)]
    [InlineData(new[] { 1.0, 0.2 }, 1)]
    public void Independent_signals_leave_open_only_what_all_of_them_leave_open(double[] weights, double expected)
    {
        var service = new FoundService { Kind = "k", Identity = "i", Title = "t", Evidence = [.. weights.Select(weight => new Evidence("seen", weight))] };
        Assert.Equal(expected, service.Confidence, 6);
    }

    [Fact]
    public void A_section_that_is_missing_is_empty()
    {
        var output = new ScanOutput(new Dictionary<string, string> { ["df"] = " a \n\n b \n" }, complete: false);
        Assert.Equal("", output["ss"]);
        Assert.Equal(["a", "b"], output.Lines("df"));
    }
}
