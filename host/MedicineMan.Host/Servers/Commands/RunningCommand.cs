using System.IO.Pipelines;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Servers.Commands;

/// A command from its announcement to its end, by itself or by cancel, time limit or disposal.
internal sealed class RunningCommand : ICommand
{
    private const int Chunk = 64 * 1024;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly CommandSpec command;
    private readonly IShellProcess process;
    private readonly CommandOutput output;
    private readonly ErrorTail errors;
    private readonly Task readingErrors;
    private readonly Func<Task> end;
    private readonly TimeProvider time;
    private readonly long started;
    private readonly TaskCompletionSource<Exception> stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer limit;
    private readonly CancellationTokenRegistration cancelled;
    private int stopping;

    public RunningCommand(
        CommandSpec command, IShellProcess process, CommandOutput output, ErrorTail errors, Task readingErrors, Func<Task> end, string server, TimeProvider time,
        CancellationToken cancel)
    {
        (this.command, this.process, this.output, this.errors, this.readingErrors) = (command, process, output, errors, readingErrors);
        (this.end, this.time, started) = (end, time, time.GetTimestamp());
        StandardInput = PipeWriter.Create(process.Input, new StreamPipeWriterOptions(minimumBufferSize: Chunk));
        StandardOutput = PipeReader.Create(output, new StreamPipeReaderOptions(bufferSize: Chunk, minimumReadSize: Chunk / 4));
        Completion = Finish();
        // Whoever dropped the command need not look at its end; an unobserved fault must not reach the process.
        _ = Completion.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        limit = time.CreateTimer(
            _ => Stop(new CommandException($"{command.File} took longer than {command.TimeLimit} on {server} and was ended.")), null, command.TimeLimit, Timeout.InfiniteTimeSpan);
        cancelled = cancel.UnsafeRegister(_ => Stop(new OperationCanceledException(cancel)), null);
    }

    public PipeWriter StandardInput { get; }

    public PipeReader StandardOutput { get; }

    public Task<CommandExit> Completion { get; }

    public async ValueTask DisposeAsync()
    {
        Stop(new OperationCanceledException($"{command.File} was no longer wanted."));
        await Completion.ContinueWith(static _ => { }, TaskScheduler.Default);
        await cancelled.DisposeAsync();
        await limit.DisposeAsync();
        await process.DisposeAsync();
        await readingErrors;
    }

    private async Task<CommandExit> Finish()
    {
        var natural = Natural();
        if (await Task.WhenAny(natural, stopped.Task) == natural)
        {
            return await natural;
        }

        _ = natural.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        throw await stopped.Task;
    }

    private async Task<CommandExit> Natural()
    {
        var code = await process.Exit;
        await output.Drained;
        // A child left behind in the background may hold standard error open for ever.
        await readingErrors.WaitAsync(TimeSpan.FromSeconds(2), time).ContinueWith(static _ => { }, TaskScheduler.Default);
        return new CommandExit(code, errors.Text, time.GetElapsedTime(started));
    }

    private void Stop(Exception reason)
    {
        if (!Completion.IsCompleted && Interlocked.Exchange(ref stopping, 1) == 0)
        {
            output.Broken = reason;
            _ = EndNow(reason);
        }
    }

    private async Task EndNow(Exception reason)
    {
        try
        {
            if (!process.Exit.IsCompleted)
            {
                await end();
                await process.Exit.WaitAsync(Grace, time).ContinueWith(static _ => { }, TaskScheduler.Default);
            }

            await process.DisposeAsync();
        }
        finally
        {
            stopped.TrySetResult(reason);
        }
    }
}
