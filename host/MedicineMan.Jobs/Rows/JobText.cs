using System.Text;

namespace MedicineMan.Jobs.Rows;

/// Makes text storable. Messages may quote what a server printed, and PostgreSQL refuses NUL and broken surrogates: a job must not hang
/// because its error cannot be written.
internal static class JobText
{
    public static string Clean(string text, int most)
    {
        var clean = new StringBuilder(Math.Min(text.Length, most));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length >= most)
            {
                return clean.Append('…').ToString();
            }

            clean.Append(rune.Value == 0 ? Rune.ReplacementChar.ToString() : rune.ToString());
        }

        return clean.ToString();
    }
}
