using System.IO.Pipelines;

namespace MedicineMan.Sdk.Commands;

/// <summary>A running command. Disposing it ends the command if it still runs.</summary>
public interface ICommand : IAsyncDisposable
{
    /// <summary>The command's standard input; complete it to signal the end. Writing waits while the command does not read.</summary>
    PipeWriter StandardInput { get; }

    /// <summary>The command's standard output. A reader that stops reading stops the command by back-pressure; nothing is buffered whole.</summary>
    PipeReader StandardOutput { get; }

    /// <summary>
    /// Completes when the command has ended and its output has been read to the end, so read the output first (or complete the reader).
    /// Fails with <see cref="CommandException"/> when the connection broke or the time limit passed: the exit code is then unknown.
    /// </summary>
    Task<CommandExit> Completion { get; }
}

/// <summary>How a command ended.</summary>
/// <param name="Code">Exit code; 128 plus the signal when it was ended by one.</param>
/// <param name="ErrorText">The last 16 KiB of standard error, control characters removed.</param>
/// <param name="Elapsed">From start to end.</param>
public sealed record CommandExit(int Code, string ErrorText, TimeSpan Elapsed)
{
    /// <summary>True for exit code 0.</summary>
    public bool Ok => Code == 0;
}

/// <summary>A command that could not be started, or whose end is unknown because the connection broke or time ran out.</summary>
public sealed class CommandException(string message, Exception? inner = null) : UserFacingException(message, inner);
