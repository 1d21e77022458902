using System.Data.Common;
using Dapper;

namespace MedicineMan.Host.Tests.Data;

/// SQLite waits for the disk at every commit but those whose loss is said to be borne.
public sealed class FlushTests
{
    private const int Normal = 1;
    private const int Full = 2;

    [Fact]
    public async Task Only_what_may_be_lost_is_kept_without_waiting_for_the_disk()
    {
        await using var test = await TestDatabase.Sqlite();
        await test.Database.Write(t => t.Connection!.ExecuteAsync("create table notes (flush integer not null)", transaction: t), default);

        Assert.Equal(Full, await test.Database.Write(Note, default));
        Assert.Equal(Normal, await test.Database.Write(Note, _ => true, default));
        // Done without waiting first, not kept, and done again.
        var asked = 0;
        Assert.Equal(Full, await test.Database.Write(Note, flush => ++asked > 1 || flush == Full, default));
        Assert.Equal(1, asked);
        await Assert.ThrowsAsync<InvalidOperationException>(() => test.Database.Write<int>(async t => await Note(t) > 0 ? throw new InvalidOperationException() : 0, _ => true, default));
        Assert.Equal(Full, await test.Database.Write(Note, default));

        await using var connection = await test.Database.OpenRead(default);
        Assert.Equal([Full, Normal, Full, Full], await connection.QueryAsync<int>("select flush from notes order by rowid"));
    }

    private static async Task<int> Note(DbTransaction transaction)
    {
        var flush = await transaction.Connection!.ExecuteScalarAsync<int>("pragma synchronous", transaction: transaction);
        await transaction.Connection!.ExecuteAsync("insert into notes values (@flush)", new { flush }, transaction);
        return flush;
    }
}
