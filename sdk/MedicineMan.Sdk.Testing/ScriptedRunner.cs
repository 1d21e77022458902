using System.IO.Pipelines;
using System.Text;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Sdk.Testing;

/// <summary>A server that answers commands as a test says: the first answer whose question matches. Keeps what was asked.</summary>
/// <param name="answers">In the order they are tried; a command that none fits fails the test.</param>
public sealed class ScriptedRunner(params IReadOnlyList<ScriptedAnswer> answers) : ICommandRunner
{
    private readonly List<CommandSpec> commands = [];

    /// <inheritdoc/>
    public string ServerId => "scripted";

    /// <summary>Every command started so far.</summary>
    public IReadOnlyList<CommandSpec> Commands
    {
        get
        {
            lock (commands)
            {
                return [.. commands];
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<ICommand> StartAsync(CommandSpec command, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(command);
        cancel.ThrowIfCancellationRequested();
        lock (commands)
        {
            commands.Add(command);
        }

        var answer = answers.FirstOrDefault(a => a.Fits(command))
            ?? throw new CommandException($"No scripted answer for: {command.File} {string.Join(' ', command.Arguments)}");
        return ValueTask.FromResult<ICommand>(new Running(answer, cancel));
    }

    private sealed class Running : ICommand
    {
        private readonly Pipe input = new();
        private readonly Pipe output = new();
        private readonly CancellationTokenSource end;

        public Running(ScriptedAnswer answer, CancellationToken cancel)
        {
            end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            Completion = Run(answer, end.Token);
        }

        public PipeWriter StandardInput => input.Writer;

        public PipeReader StandardOutput => output.Reader;

        public Task<CommandExit> Completion { get; }

        public async ValueTask DisposeAsync()
        {
            await end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(Completion).ConfigureAwait(false);
            end.Dispose();
        }

        private async Task<CommandExit> Run(ScriptedAnswer answer, CancellationToken cancel)
        {
            try
            {
                await Task.Delay(answer.Delay, cancel).ConfigureAwait(false);
                if (answer.ReadsInput)
                {
                    await input.Reader.CopyToAsync(Stream.Null, cancel).ConfigureAwait(false);
                }

                await output.Writer.WriteAsync(answer.Output, cancel).ConfigureAwait(false);
                await output.Writer.CompleteAsync().ConfigureAwait(false);
                return answer.Breaks is { } breaks ? throw breaks : new CommandExit(answer.ExitCode, answer.ErrorText, answer.Delay);
            }
            catch (Exception failure)
            {
                await output.Writer.CompleteAsync(failure).ConfigureAwait(false);
                throw;
            }
        }
    }
}

/// <summary>What a scripted server does with a command.</summary>
/// <param name="Fits">True for the commands it is for.</param>
public sealed record ScriptedAnswer(Func<CommandSpec, bool> Fits)
{
    /// <summary>For commands of this file name, wherever it lies.</summary>
    public ScriptedAnswer(string program, string output)
        : this(command => command.File == program || command.File.EndsWith("/" + program, StringComparison.Ordinal)) =>
        Output = Encoding.UTF8.GetBytes(output);

    /// <summary>Standard output.</summary>
    public ReadOnlyMemory<byte> Output { get; init; }

    /// <summary>Exit code, after all output.</summary>
    public int ExitCode { get; init; }

    /// <summary>Standard error.</summary>
    public string ErrorText { get; init; } = "";

    /// <summary>Time before the first byte.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>True to read standard input to its end before answering.</summary>
    public bool ReadsInput { get; init; }

    /// <summary>The end is unknown: the connection broke after the output.</summary>
    public CommandException? Breaks { get; init; }
}
