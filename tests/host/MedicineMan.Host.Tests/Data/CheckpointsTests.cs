using Dapper;
using MedicineMan.Host.Data;
using Microsoft.Data.Sqlite;

namespace MedicineMan.Host.Tests.Data;

/// What SQLite's log holds is brought into the file in the first pause after some commits, and not by those who commit.
public sealed class CheckpointsTests
{
    private const int Often = 200;

    [Fact]
    public async Task The_log_is_brought_into_the_file_in_a_pause_after_many_commits_and_not_before()
    {
        await using var test = await TestDatabase.Sqlite();
        var file = new FileInfo(new SqliteConnectionStringBuilder(test.ConnectionString).DataSource);
        await test.Database.Write(t => t.Connection!.ExecuteAsync("create table notes (text text not null)", transaction: t), default);

        // Few: their pages stay in the log however long nobody writes.
        await Write(test.Database, 20);
        await Task.Delay(600);
        var before = Length(file);
        await Write(test.Database, Often);

        for (var end = TimeProvider.System.GetUtcNow().AddSeconds(20); Length(file) < before + (Often * 1000);)
        {
            Assert.True(TimeProvider.System.GetUtcNow() < end, $"The file of {before} bytes has {Length(file)} after {Often} commits and a pause.");
            await Task.Delay(50);
        }

        await using var connection = await test.Database.OpenRead(default);
        Assert.Equal(20 + Often, await connection.ExecuteScalarAsync<int>("select count(*) from notes"));
        Assert.Equal("ok", await connection.ExecuteScalarAsync<string>("pragma integrity_check"));
    }

    [Fact]
    public async Task A_database_that_is_closed_while_it_waits_for_a_pause_closes_at_once_and_has_everything()
    {
        await using var test = await TestDatabase.Sqlite();
        await test.Database.Write(t => t.Connection!.ExecuteAsync("create table notes (text text not null)", transaction: t), default);
        var other = new Database(test.ConnectionString);
        await Write(other, Often);

        await other.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        await using var connection = await test.Database.OpenRead(default);
        Assert.Equal(Often, await connection.ExecuteScalarAsync<int>("select count(*) from notes"));
    }

    private static async Task Write(Database database, int times)
    {
        for (var time = 0; time < times; time++)
        {
            await database.Write(t => t.Connection!.ExecuteAsync("insert into notes values (@text)", new { text = new string('x', 2000) }, t), default);
        }
    }

    private static long Length(FileInfo file)
    {
        file.Refresh();
        return file.Length;
    }
}
