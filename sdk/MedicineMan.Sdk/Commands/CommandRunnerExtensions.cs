using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace MedicineMan.Sdk.Commands;

/// <summary>Short commands whose output fits in memory.</summary>
public static class CommandRunnerExtensions
{
    /// <summary>Runs a command, gives it the text as standard input, and returns its output. UTF-8 both ways.</summary>
    /// <param name="runner">Where to run it.</param>
    /// <param name="command">What to run.</param>
    /// <param name="input">Standard input; empty for none.</param>
    /// <param name="maxBytes">Reading stops with an exception past this size. 4 MiB is a good bound for a list.</param>
    /// <param name="cancel">Ends the command.</param>
    /// <returns>Output and exit; a non-zero exit code does not throw.</returns>
    /// <exception cref="CommandException">Output larger than <paramref name="maxBytes"/>, or the command could not be run to its end.</exception>
    public static async Task<CommandText> RunTextAsync(
        this ICommandRunner runner, CommandSpec command, string input, int maxBytes, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(command);
        await using var running = await runner.StartAsync(command, cancel).ConfigureAwait(false);
        var feeding = Feed(running.StandardInput, input, cancel);
        var output = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await running.StandardOutput.ReadAsync(cancel).ConfigureAwait(false);
            foreach (var segment in read.Buffer)
            {
                if (output.WrittenCount + segment.Length > maxBytes)
                {
                    throw new CommandException($"{command.File} printed more than {maxBytes} bytes; it was ended.");
                }

                output.Write(segment.Span);
            }

            running.StandardOutput.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        var exit = await running.Completion.ConfigureAwait(false);
        await feeding.ConfigureAwait(false);
        return new CommandText(Encoding.UTF8.GetString(output.WrittenSpan), exit);
    }

    private static async Task Feed(PipeWriter standardInput, string input, CancellationToken cancel)
    {
        try
        {
            if (input.Length > 0)
            {
                await standardInput.WriteAsync(Encoding.UTF8.GetBytes(input), cancel).ConfigureAwait(false);
            }

            await standardInput.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is IOException or CommandException)
        {
            // A command may end without reading its input (head, or a syntax error); its exit code tells, not the broken pipe.
        }
    }
}

/// <summary>Output and exit of a short command.</summary>
public sealed record CommandText(string Output, CommandExit Exit);
