using System.Text;
using MedicineMan.Repository.Format;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Patterns;

/// <summary>
/// Files of patterns or paths, one a line, as restic reads them: UTF-8, or UTF-16 with a mark; lines end as on Unix or Windows. Bytes that are no
/// letters stay what they are.
/// </summary>
public static class PatternFile
{
    private const int Largest = 64 << 20;

    /// <summary>Patterns, one a line, without white space around them. A line that starts with # is a comment; $NAME and ${NAME} are variables of the environment, $$ is a dollar sign.</summary>
    /// <param name="file">Read completely.</param>
    /// <param name="unset">Told the name of each variable that is not set; it stands for nothing.</param>
    /// <param name="cancel">Ends reading.</param>
    /// <exception cref="UserFacingException">It can't be read.</exception>
    public static async Task<IReadOnlyList<string>> Patterns(string file, Action<string> unset, CancellationToken cancel) =>
        [.. (await Lines(file, cancel)).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').Select(line => Variables.Expand(line, unset))];

    /// <summary>Lines without their ends.</summary>
    /// <param name="file">Read completely.</param>
    /// <param name="cancel">Ends reading.</param>
    /// <exception cref="UserFacingException">It can't be read.</exception>
    public static async Task<IReadOnlyList<string>> Lines(string file, CancellationToken cancel)
    {
        var text = Text(await Bytes(file, cancel)).Split('\n');
        return [.. text.Take(text[^1].Length == 0 ? text.Length - 1 : text.Length).Select(line => line.EndsWith('\r') ? line[..^1] : line)];
    }

    /// <summary>Names that end with a zero byte each, as <c>find -print0</c> writes them.</summary>
    /// <param name="file">Read completely.</param>
    /// <param name="cancel">Ends reading.</param>
    /// <exception cref="UserFacingException">It can't be read, a name is empty, or the last one has no end.</exception>
    public static async Task<IReadOnlyList<string>> Names(string file, CancellationToken cancel)
    {
        var bytes = await Bytes(file, cancel);
        if (bytes.Length > 0 && bytes[^1] != 0)
        {
            throw new UserFacingException($"{file} does not end with a zero byte, so its last name may be cut off. Each name ends with one, as \"find -print0\" writes them.");
        }

        var names = new List<string>();
        for (var rest = bytes.AsSpan(); rest.Length > 0;)
        {
            var end = rest.IndexOf((byte)0);
            names.Add(end > 0 ? FileName.Decode(rest[..end]) : throw new UserFacingException($"{file} holds an empty name after {names.Count} others, which stands for no file. Remove it."));
            rest = rest[(end + 1)..];
        }

        return names;
    }

    private static string Text(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith<byte>([0xEF, 0xBB, 0xBF]) ? FileName.Decode(bytes[3..])
        : bytes.StartsWith<byte>([0xFE, 0xFF]) ? Encoding.BigEndianUnicode.GetString(bytes[2..])
        : bytes.StartsWith<byte>([0xFF, 0xFE]) ? Encoding.Unicode.GetString(bytes[2..])
        : FileName.Decode(bytes);

    private static async Task<byte[]> Bytes(string file, CancellationToken cancel)
    {
        try
        {
            await using var stream = file is "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            using var content = new MemoryStream();
            var buffer = new byte[64 * 1024];
            for (int read; (read = await stream.ReadAsync(buffer, cancel)) > 0;)
            {
                content.Write(buffer, 0, content.Length + read <= Largest ? read : throw new UserFacingException($"{file} is larger than {Largest >> 20} MiB. Give it in several files."));
            }

            return content.ToArray();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UserFacingException($"{file} can't be read. {failure.Message}", failure);
        }
    }
}
