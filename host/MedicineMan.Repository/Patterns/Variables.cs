using System.Text;

namespace MedicineMan.Repository.Patterns;

/// <summary>Variables of the environment in a line, as Go's <c>os.Expand</c> finds them.</summary>
internal static class Variables
{
    public static string Expand(string line, Action<string> unset)
    {
        if (!line.Contains('$', StringComparison.Ordinal))
        {
            return line;
        }

        var text = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] != '$' || i + 1 == line.Length)
            {
                text.Append(line[i]);
                continue;
            }

            var (name, length) = Name(line.AsSpan(i + 1));
            text.Append(name.Length > 0 ? Value(name, unset) : length > 0 ? "" : "$");
            i += length;
        }

        return text.ToString();
    }

    private static string Value(string name, Action<string> unset)
    {
        if (name is "$")
        {
            return name;
        }

        var value = Environment.GetEnvironmentVariable(name);
        if (value is null)
        {
            unset(name);
        }

        return value ?? "";
    }

    // No name but a length: a brace that is not closed or has nothing in it, which vanishes.
    private static (string Name, int Length) Name(ReadOnlySpan<char> rest)
    {
        if (rest[0] is '{')
        {
            var end = rest.IndexOf('}');
            return end < 0 ? ("", 1) : (rest[1..end].ToString(), end + 1);
        }

        if (rest[0] is '*' or '#' or '$' or '@' or '!' or '?' or '-' || char.IsAsciiDigit(rest[0]))
        {
            return (rest[..1].ToString(), 1);
        }

        var length = 0;
        while (length < rest.Length && (rest[length] is '_' || char.IsAsciiLetterOrDigit(rest[length])))
        {
            length++;
        }

        return (rest[..length].ToString(), length);
    }
}
