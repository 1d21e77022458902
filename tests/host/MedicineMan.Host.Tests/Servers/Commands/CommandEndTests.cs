using MedicineMan.Sdk.Commands;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Servers.Commands;

/// However a command is ended, nothing of it stays, on this machine and over SSH.
public abstract class CommandEndTests : AnyRunner
{
    [SkippableFact]
    public async Task Cancel_ends_the_whole_tree()
    {
        using var cancel = new CancellationTokenSource();
        var command = await Runner.StartAsync(new CommandSpec("sh", "-c", "sleep 1000 & sh -c 'sleep 1000; true' & echo $! $$; wait"), cancel.Token);
        var ids = (await ReadLine(command)).Split(' ');
        Assert.True(Alive(ids[0]) && Alive(ids[1]));

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.Completion);
        Assert.All(ids, id => Assert.False(Alive(id)));
        await command.DisposeAsync();
    }

    [SkippableFact]
    public async Task Cancel_ends_a_command_that_ignores_the_first_signal()
    {
        using var cancel = new CancellationTokenSource();
        await using var command = await Runner.StartAsync(new CommandSpec("sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1; done"), cancel.Token);
        var id = await ReadLine(command);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.Completion);
        Assert.False(Alive(id));
    }

    [SkippableFact]
    public async Task Disposing_ends_a_command_and_an_output_cut_short_is_not_taken_for_whole()
    {
        var command = await Runner.StartAsync(new CommandSpec("sh", "-c", "echo $$; sleep 1000"), default);
        var id = await ReadLine(command);

        await command.DisposeAsync();

        Assert.False(Alive(id));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.Completion);
    }

    [SkippableFact]
    public async Task A_command_past_its_time_limit_is_ended_with_a_sentence()
    {
        await using var command = await Runner.StartAsync(new CommandSpec("sleep", "1000") { TimeLimit = TimeSpan.FromSeconds(1) }, default);

        var failed = await Assert.ThrowsAsync<CommandException>(() => command.Completion);
        Assert.Contains("sleep took longer than 00:00:01", failed.Message, StringComparison.Ordinal);
        var late = await Assert.ThrowsAsync<CommandException>(() => ReadAll(command));
        Assert.Same(failed, late);
    }

    [SkippableFact]
    public async Task Files_are_gone_after_cancel_even_of_a_command_that_ignores_signals()
    {
        using var cancel = new CancellationTokenSource();
        await using var command = await Runner.StartAsync(
            new CommandSpec("sh", "-c", "trap '' TERM HUP; echo \"$SECRET\"; while :; do sleep 1; done") { Files = [new CommandFile("SECRET", "x")] }, cancel.Token);
        var path = await ReadLine(command);
        Assert.True(File.Exists(path));

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.Completion);
        Assert.False(Directory.Exists(Path.GetDirectoryName(path)));
    }

    [SkippableFact]
    public async Task A_command_of_another_user_is_ended_by_cancel_too()
    {
        Skip.IfNot(Programs.IsRoot, "Only root becomes another user without a password.");
        using var cancel = new CancellationTokenSource();
        await using var command = await Runner.StartAsync(new CommandSpec("sh", "-c", "sleep 1000 & echo $! $$; wait") { RunAs = "nobody" }, cancel.Token);
        var ids = (await ReadLine(command)).Split(' ');

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.Completion);
        Assert.All(ids, id => Assert.False(Alive(id)));
    }
}
