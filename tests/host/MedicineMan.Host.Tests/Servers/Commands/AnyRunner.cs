using System.Buffers;
using System.Text;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Tests.Servers.Commands;

/// A way of running commands, and how tests look at what it runs.
public abstract class AnyRunner
{
    protected const string Secret = "pa's$wörd\\ \"`x`\n!";

    protected abstract ICommandRunner Runner { get; }

    private protected static OpenSecret Secrets { get; } = (secret, _) => ValueTask.FromResult(secret.Id == "one" ? Secret : throw new KeyNotFoundException());

    protected Task<CommandText> Run(CommandSpec command, string input = "", int maxBytes = 1_000_000) => Runner.RunTextAsync(command, input, maxBytes, default);

    protected static async Task<string> ReadAll(ICommand command)
    {
        var text = new StringBuilder();
        while (true)
        {
            var read = await command.StandardOutput.ReadAsync();
            text.Append(Encoding.UTF8.GetString(read.Buffer));
            command.StandardOutput.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return text.ToString();
            }
        }
    }

    protected static async Task<string> ReadLine(ICommand command)
    {
        while (true)
        {
            var read = await command.StandardOutput.ReadAsync();
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.UTF8.GetString(read.Buffer.Slice(0, end));
                command.StandardOutput.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            command.StandardOutput.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            Assert.False(read.IsCompleted);
        }
    }

    // A zombie that nobody has reaped yet is dead all the same.
    internal static bool Alive(string id) =>
        ReadIfThere($"/proc/{id}/stat") is { Length: > 0 } stat && stat[(stat.LastIndexOf(')') + 2)] != 'Z';

    protected static string ReadIfThere(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
