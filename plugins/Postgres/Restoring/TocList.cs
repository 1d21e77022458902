using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MedicineMan.Plugins.Postgres.Restoring;

/// Picks entries from an archive's table of contents, as <c>pg_restore -l</c> prints it, for <c>pg_restore -L</c>.
internal static partial class TocList
{
    /// What belongs to no table and is restored with single tables, because they may be made of it.
    private static readonly string[] Foundations =
    [
        "ENCODING", "STDSTRINGS", "SEARCHPATH", "SCHEMA", "EXTENSION", "SHELL TYPE", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "AGGREGATE", "OPERATOR CLASS",
        "OPERATOR FAMILY", "OPERATOR", "COLLATION", "CONVERSION", "TEXT SEARCH", "CAST", "TRANSFORM", "PROCEDURAL LANGUAGE", "ACCESS METHOD",
    ];

    /// Kinds whose tag starts with the name of their table.
    private static readonly string[] OfTable = ["DEFAULT", "CHECK CONSTRAINT", "FK CONSTRAINT", "CONSTRAINT", "TRIGGER", "POLICY", "RULE"];

    public static string Everything(string list, bool superuser, bool policies) => Pick(list, entry => entry switch
    {
        // Only an extension's owner may comment on it, and its own script has done so.
        { Text: var text } when text.StartsWith("COMMENT - EXTENSION ", StringComparison.Ordinal) => superuser,
        { Text: var text } when text.StartsWith("POLICY ", StringComparison.Ordinal) => policies,
        _ => true,
    });

    public static string LargeObjects(string list) => Pick(list, entry => IsLargeObject(entry.Text));

    public static string Tables(string list, RestorePlan plan)
    {
        var structure = plan.Manifest.Structure;
        var tables = plan.Tables.ToDictionary(t => t.Oid);
        var indexes = structure.Indexes.Where(i => tables.ContainsKey(i.Table)).ToList();
        var sequences = structure.Sequences.Where(s => s.UsedBy.Any(tables.ContainsKey)).ToList();
        var relations = tables.Keys.Concat(indexes.Select(i => i.Oid)).Concat(sequences.Select(s => s.Oid)).ToHashSet();
        var foreignKeys = structure.Constraints.Where(c => c.References != 0 && tables.ContainsKey(c.Table) && tables.ContainsKey(c.References)).Select(c => c.Oid).ToHashSet();
        var beginnings = tables.Values.SelectMany(t => OfTable.Select(kind => $"{kind} {t.Schema} {t.Name} "))
            .Concat(tables.Values.SelectMany(t => new[] { $"ROW SECURITY {t.Schema} {t.Name} ", $"TABLE ATTACH {t.Schema} {t.Name} ", $"ACL {t.Schema} TABLE {t.Name} ", $"ACL {t.Schema} TABLE {Names.Identifier(t.Name)} ", $"COMMENT {t.Schema} TABLE {t.Name} ", $"COMMENT {t.Schema} TABLE {Names.Identifier(t.Name)} " }))
            .Concat(indexes.Select(i => $"INDEX ATTACH {i.Schema} {i.Name} "))
            .Concat(sequences.Select(s => $"SEQUENCE OWNED BY {s.Schema} {s.Name} "))
            .Select(OneLine).ToList();

        return Pick(list, entry => entry switch
        {
            { ClassOid: 1259 } => relations.Contains(entry.Oid),
            { Text: var text } when text.StartsWith("FK CONSTRAINT ", StringComparison.Ordinal) => foreignKeys.Contains(entry.Oid),
            { Text: var text } when text.StartsWith("POLICY ", StringComparison.Ordinal) && !plan.AllRoles => false,
            _ => Foundations.Any(kind => entry.Text.StartsWith(kind + " ", StringComparison.Ordinal))
                || beginnings.Any(beginning => entry.Text.StartsWith(beginning, StringComparison.Ordinal)),
        });
    }

    private static bool IsLargeObject(string text) =>
        text.StartsWith("BLOB", StringComparison.Ordinal) || text.StartsWith("ACL - LARGE OBJECT", StringComparison.Ordinal)
        || text.StartsWith("COMMENT - LARGE OBJECT", StringComparison.Ordinal) || text.StartsWith("SECURITY LABEL - LARGE OBJECT", StringComparison.Ordinal);

    /// pg_restore reads the number alone and takes the rest of a line for a comment.
    private static string Pick(string list, Func<Entry, bool> wanted)
    {
        var picked = new StringBuilder();
        foreach (Match line in Line().Matches(list))
        {
            var entry = new Entry(Number(line.Groups[1]), Number(line.Groups[2]), Number(line.Groups[3]), line.Groups[4].Value + " ");
            if (wanted(entry))
            {
                picked.Append(CultureInfo.InvariantCulture, $"{entry.Id};\n");
            }
        }

        return picked.ToString();

        static long Number(Group digits) => long.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    /// pg_restore prints line breaks in names as spaces.
    private static string OneLine(string name) => name.Replace('\n', ' ').Replace('\r', ' ');

    private readonly record struct Entry(long Id, long ClassOid, long Oid, string Text);

    [GeneratedRegex(@"^(\d+); (\d+) (\d+) (.*)$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
