using System.IO.Pipelines;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Plugins.Capabilities.Servers;

/// The output of a command as a stream that ends well only if the command did: one that was cut short never looks like a whole one.
internal sealed class CommandReader(ICommand command, string what) : PipeReader
{
    private readonly PipeReader output = command.StandardOutput;

    /// <exception cref="UserFacingException">The command failed before it printed anything.</exception>
    public static async Task<PipeReader> Open(ICommand command, string what)
    {
        var reader = new CommandReader(command, what);
        try
        {
            var first = await reader.ReadAsync(CancellationToken.None);
            reader.output.AdvanceTo(first.Buffer.Start);
            return reader;
        }
        catch
        {
            await reader.CompleteAsync();
            throw;
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => output.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => output.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => output.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _ = CompleteAsync(exception).AsTask();

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        await output.CompleteAsync(exception);
        await command.DisposeAsync();
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = await output.ReadAsync(cancellationToken);
        if (read.IsCompleted && await command.Completion is { Ok: false } exit)
        {
            output.AdvanceTo(read.Buffer.End);
            throw Failed(what, exit);
        }

        return read;
    }

    // Whether the end is a good one takes a wait to find out.
    public override bool TryRead(out ReadResult result)
    {
        result = default;
        return false;
    }

    public static UserFacingException Failed(string what, CommandExit exit) =>
        new($"{what}: {(exit.ErrorText.Trim() is { Length: > 0 } said ? said.Split('\n')[0] : $"the program ended with {exit.Code}")}.");
}
