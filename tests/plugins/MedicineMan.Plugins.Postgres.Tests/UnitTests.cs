using System.Buffers;
using System.Text;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Testing;

namespace MedicineMan.Plugins.Postgres.Tests;

public sealed class RowChecksumTests
{
    private const string Text = "1\ta\n2\tb\n\n3\tccc\n";

    [Fact]
    public void Order_and_buffers_do_not_matter_but_content_does()
    {
        var whole = Of(Text);
        Assert.Equal(4, whole.Rows);
        Assert.Equal(whole.Value, Of("3\tccc\n1\ta\n\n2\tb\n").Value);
        for (var cut = 0; cut < Text.Length; cut++)
        {
            var parts = Of(Text[..cut], Text[cut..]);
            Assert.Equal((whole.Value, 4L, (long)Text.Length, false), (parts.Value, parts.Rows, parts.Bytes, parts.MidRow));
        }

        Assert.NotEqual(whole.Value, Of("1\ta\n2\tb\n\n3\tccd\n").Value);
        Assert.NotEqual(Of("a\na\n").Value, Of("b\nb\n").Value);
        Assert.NotEqual(Of("a\n").Value, Of("a\na\na\n").Value);
    }

    [Fact]
    public void An_output_that_ends_inside_a_row_is_seen() => Assert.True(Of("1\n2").MidRow);

    private static RowChecksum Of(params string[] parts)
    {
        var rows = new RowChecksum();
        foreach (var part in parts)
        {
            rows.Append(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(part)));
        }

        return rows;
    }
}

public sealed class NamesTests
{
    [Theory]
    [InlineData("public", "orders", "public.orders")]
    [InlineData("a.b", "c", "\"a.b\".c")]
    [InlineData("a", "b.c", "a.\"b.c\"")]
    [InlineData("s", "It\"s", "s.\"It\"\"s\"")]
    public void Object_names_are_quoted_where_they_must_be(string schema, string name, string expected) => Assert.Equal(expected, Names.Object(schema, name));

    [Fact]
    public void A_name_that_looks_like_a_connection_string_is_only_a_name() =>
        Assert.Equal(@"dbname='host=evil \'x\' \\'", Names.Connection(@"host=evil 'x' \"));
}

public sealed class ToolsTests
{
    [Fact]
    public async Task The_newest_complete_folder_is_taken()
    {
        var tools = await Find("""
            /usr/lib/postgresql/13/bin	 psql pg_dump pg_restore pg_dumpall	pg_dump (PostgreSQL) 13.9
            /usr/lib/postgresql/17/bin	 psql pg_dump pg_restore	pg_dump (PostgreSQL) 17.2 (Debian 17.2-1)
            /usr/pgsql-16/bin	 psql pg_dump pg_restore pg_dumpall	pg_dump (PostgreSQL) 16.4
            /usr/bin	 psql pg_dump pg_restore pg_dumpall	
            """);
        Assert.Equal(("/usr/pgsql-16/bin", 16, "16.4"), (tools.Folder, tools.Major, tools.Version));
        var old = Assert.Throws<UserFacingException>(() => tools.MustFit(17));
        Assert.Contains("postgresql-client-17", old.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_missing_is_named()
    {
        var failure = await Assert.ThrowsAsync<UserFacingException>(() => Find("/usr/bin\t psql pg_restore pg_dumpall\t\n"));
        Assert.StartsWith("pg_dump was not found", failure.Message, StringComparison.Ordinal);
    }

    private static Task<Tools> Find(string output) => Tools.Find(new BackupSource(new ScriptedRunner(new ScriptedAnswer("sh", output))), Tools.UsualPlaces, default);
}
