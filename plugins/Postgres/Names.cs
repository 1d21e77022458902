namespace MedicineMan.Plugins.Postgres;

/// Quoting, the one place for it: identifiers and literals for SQL, connection strings for libpq, and readable object names.
internal static class Names
{
    public static string Identifier(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Identifier(string schema, string name) => $"{Identifier(schema)}.{Identifier(name)}";

    /// Every session of ours sets standard_conforming_strings, so a backslash is only a backslash.
    public static string Literal(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    /// libpq takes a bare name holding "=" or "postgresql://" for a connection string, so a name is always given as one.
    public static string Connection(string database) =>
        $"dbname='{database.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    /// <c>public.orders</c>, or <c>"odd name"."t.1"</c>: quoted where it must be, so that two tables never share a name.
    public static string Object(string schema, string name) => $"{Readable(schema)}.{Readable(name)}";

    /// A name inside a sentence: control characters would break the line it stands in.
    public static string Shown(string name) => $"\"{string.Concat(name.Select(c => char.IsControl(c) ? ' ' : c))}\"";

    private static string Readable(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            ? name
            : Identifier(name);
}
