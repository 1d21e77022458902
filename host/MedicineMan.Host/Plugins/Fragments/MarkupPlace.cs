namespace MedicineMan.Host.Plugins.Fragments;

/// Where a reader of markup stands: in text, in a tag, or in a quoted attribute and which.
internal sealed class MarkupPlace
{
    private readonly System.Text.StringBuilder word = new();
    private char quote;
    private char last;
    private bool valueNext;

    public bool InTag { get; private set; }

    /// The attribute whose quoted value is being read; null elsewhere.
    public string? Attribute => quote == '\0' ? null : word.ToString();

    /// True before the first character of an attribute's value.
    public bool AtStart { get; private set; }

    public void Value()
    {
        AtStart = false;
        last = 'x';
    }

    public void Read(string markup)
    {
        foreach (var character in markup)
        {
            Read(character);
            last = character;
        }
    }

    private void Read(char character)
    {
        if (quote != '\0')
        {
            quote = character == quote ? '\0' : quote;
            AtStart = false;
            if (quote == '\0')
            {
                word.Clear();
            }
        }
        else if (!InTag)
        {
            InTag = last == '<' && (char.IsAsciiLetter(character) || character is '/' or '!' or '?');
        }
        else if (character == '>')
        {
            InTag = valueNext = false;
            word.Clear();
        }
        else if (character is '"' or '\'' && valueNext)
        {
            (quote, AtStart, valueNext) = (character, true, false);
        }
        else if (character == '=')
        {
            valueNext = true;
        }
        else if (char.IsWhiteSpace(character) || character == '/')
        {
            word.Clear();
        }
        else
        {
            valueNext = false;
            word.Append(char.ToLowerInvariant(character));
        }
    }
}
