using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MedicineMan.Host.Cli.Repository;

/// <summary>What a command says: text for people, or one JSON document a line for programs. Complaints go to the error stream.</summary>
internal sealed class Answer(TextWriter output, TextWriter errors, bool json)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public bool IsJson => json;

    public TextWriter Errors => errors;

    /// <summary>The same for several threads at once.</summary>
    public Answer Shared() => new(TextWriter.Synchronized(output), TextWriter.Synchronized(errors), json);

    public void Say(string text, object document) => output.WriteLine(json ? JsonSerializer.Serialize(document, Format) : text);

    /// <summary>How far something is, for programs: not on the output, which holds what was asked for.</summary>
    public void Status(object document) => errors.WriteLine(JsonSerializer.Serialize(document, Format));

    public void Warn(string message) => errors.WriteLine(json ? JsonSerializer.Serialize(new { warning = message }, Format) : Printable(message));

    public void Fail(string message) => errors.WriteLine(json ? JsonSerializer.Serialize(new { error = message }, Format) : Printable(message));

    public static string Size(double bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        for (; bytes >= 1024 && unit < units.Length - 1; unit++)
        {
            bytes /= 1024;
        }

        return bytes.ToString(unit == 0 ? "F0" : "F1", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary>A name in a backup may hold anything, also what would command a terminal.</summary>
    public static string Printable(string text)
    {
        if (!text.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter)))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 8);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                safe.Append(text, i++, 2);
            }
            else if (char.IsControl(text[i]) || char.IsSurrogate(text[i]))
            {
                safe.Append(CultureInfo.InvariantCulture, $"\\x{text[i] & 0xFF:x2}");
            }
            else
            {
                safe.Append(text[i]);
            }
        }

        return safe.ToString();
    }
}
