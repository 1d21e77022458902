using MedicineMan.Samples.Hello;
using MedicineMan.Sdk;

namespace MedicineMan.Samples.Tests;

public sealed class HelloTests
{
    [Fact]
    public async Task It_greets_by_route_job_and_card()
    {
        await using var host = await Samples.Start<HelloPlugin>();
        Assert.Equal("Hello, world, from Hello 0.1.0.", await host.Client.GetStringAsync("greeting"));

        var run = await host.RunJobAsync("greet", new GreetArguments("Ada"));
        Assert.Equal(["Hello, Ada, from Hello 0.1.0."], run.Lines);

        var card = await host.FragmentAsync("greeting");
        Assert.Equal("Ada", card["name"]);
        Assert.Equal(host.Clock.GetUtcNow(), card["now"]);
    }

    [Fact]
    public async Task It_greets_nobody_with_a_sentence()
    {
        await using var host = await Samples.Start<HelloPlugin>();
        Assert.True((await Assert.ThrowsAsync<UserFacingException>(() => host.RunJobAsync("greet", new GreetArguments(" ")))).Permanent);
    }
}
