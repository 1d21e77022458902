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
        var tools = await Find(
            (["/usr/lib/postgresql/13/bin", "/usr/pgsql-16/bin"], ["psql", "pg_dump", "pg_restore", "pg_dumpall"]), (["/usr/lib/postgresql/17/bin"], ["psql", "pg_dump", "pg_restore"]));
        Assert.Equal(("/usr/pgsql-16/bin", 16, "16.4", "/usr/pgsql-16/bin/psql"), (tools.Folder, tools.Major, tools.Version, tools.Path("psql")));
        var old = Assert.Throws<UserFacingException>(() => tools.MustFit(17));
        Assert.Contains("postgresql-client-17", old.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Those_on_the_PATH_are_taken_when_they_are_newer_and_whole()
    {
        (string[], string[]) old = (["/usr/lib/postgresql/13/bin"], ["psql", "pg_dump", "pg_restore", "pg_dumpall"]);

        Assert.Equal("psql", (await Find(old, ([""], ["psql", "pg_dump", "pg_restore", "pg_dumpall"]))).Path("psql"));
        Assert.Equal("/usr/lib/postgresql/13/bin/psql", (await Find(old, ([""], ["psql", "pg_dump", "pg_restore"]))).Path("psql"));
    }

    [Fact]
    public async Task A_program_that_is_missing_is_named()
    {
        var failure = await Assert.ThrowsAsync<UserFacingException>(() => Find((["/usr/lib/postgresql/13/bin"], ["psql", "pg_dump", "pg_restore"])));
        Assert.StartsWith("pg_dumpall was not found", failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("psql, pg_dump, pg_restore, pg_dumpall was not found", (await Assert.ThrowsAsync<UserFacingException>(() => Find())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Not_being_able_to_look_is_said()
    {
        var server = new ScriptedRunner(new ScriptedAnswer(_ => true) { ExitCode = 1, ErrorText = "sudo: a password is required" });
        var failure = await Assert.ThrowsAsync<UserFacingException>(() => Tools.Find(new BackupSource(server), Tools.UsualPlaces, default));
        Assert.Contains("sudo: a password is required", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_shell_is_needed_to_find_them()
    {
        var server = Server((["/usr/lib/postgresql/13/bin"], ["psql", "pg_dump", "pg_restore", "pg_dumpall"]));
        await Tools.Find(new BackupSource(server), Tools.UsualPlaces, default);
        Assert.Equal(["ls", "pg_dump"], server.Commands.Select(command => command.File.Split('/')[^1]).Distinct().Order());
    }

    private static Task<Tools> Find(params (string[] Folders, string[] Programs)[] there) => Tools.Find(new BackupSource(Server(there)), Tools.UsualPlaces, default);

    /// A server with these programs, the folder "" standing for its PATH; each prints a version by its folder.
    private static ScriptedRunner Server(params (string[] Folders, string[] Programs)[] there)
    {
        string[] paths = [.. there.SelectMany(one => one.Folders.SelectMany(folder => one.Programs.Select(program => folder.Length == 0 ? program : $"{folder}/{program}")))];
        static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);
        return new ScriptedRunner(
        [
            new ScriptedAnswer(command => command.File == "ls" && command.Arguments[^1] == "/usr/lib/postgresql/") { Output = Text("13\n17\n") },
            new ScriptedAnswer(command => command.File == "ls" && command.Arguments[^1] == "/usr/") { Output = Text("bin\nlib\npgsql-16\n") },
            new ScriptedAnswer(command => command.File == "ls") { Output = Text($"/\n{string.Join('\n', paths)}\n"), ExitCode = 2, ErrorText = "No such file" },
            .. paths.Select(path => new ScriptedAnswer(command => command.File == path)
            {
                Output = Text($"pg_dump (PostgreSQL) {(path.Contains("13", StringComparison.Ordinal) ? "13.9" : path.Contains("16", StringComparison.Ordinal) ? "16.4" : "17.2 (Debian 17.2-1)")}\n"),
            }),
            new ScriptedAnswer(_ => true) { ExitCode = 127, ErrorText = "no such program on this server" },
        ]);
    }
}
