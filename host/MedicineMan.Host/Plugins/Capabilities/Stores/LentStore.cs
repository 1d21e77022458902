using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text;
using Dapper;
using MedicineMan.Host.Organizations;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Capabilities.Stores;

/// A plugin's own small store. What it holds is counted in a row that every write changes first, so that two writers cannot pass the limit
/// together.
internal sealed class LentStore(Grant grant, Lending lending) : IPluginStore, IDisposable
{
    public const int LargestValue = 64 * 1024;
    public const int Room = 16 * 1024 * 1024;

    private const int LongestKey = 200;
    private const int PageSize = 200;

    private const string GetSql = "select value from plugin_store where organization_id = @organization and plugin_id = @plugin and key = @key";

    private const string KeysSql = """
        select key from plugin_store
        where organization_id = @organization and plugin_id = @plugin and substr(key, 1, length(@prefix)) = @prefix and (@after is null or key > @after)
        order by key limit @size
        """;

    // In one trip: the row is made or locked, and what stands under the key is measured.
    private const string LockSql = """
        insert into plugin_store_sizes (organization_id, plugin_id, bytes) values (@organization, @plugin, 0)
        on conflict (organization_id, plugin_id) do update set bytes = plugin_store_sizes.bytes;
        select length(value) from plugin_store where organization_id = @organization and plugin_id = @plugin and key = @key
        """;

    private const string GrowSql = """
        update plugin_store_sizes set bytes = bytes + @delta where organization_id = @organization and plugin_id = @plugin and (@delta <= 0 or bytes + @delta <= @room)
        """;

    private const string SetSql = """
        insert into plugin_store (organization_id, plugin_id, key, value) values (@organization, @plugin, @key, @value)
        on conflict (organization_id, plugin_id, key) do update set value = excluded.value
        """;

    private const string RemoveSql = "delete from plugin_store where organization_id = @organization and plugin_id = @plugin and key = @key";

    // Side by side they would wait for one row, each with a connection of its own, and those are everybody's.
    private readonly SemaphoreSlim turn = new(1, 1);

    public async ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancel)
    {
        await Need(key);
        await using var connection = await lending.Rooms.Database.OpenRead(OrganizationId.Default, cancel);
        var value = await connection.QuerySingleOrDefaultAsync<byte[]>(new CommandDefinition(GetSql, Keyed(key), cancellationToken: cancel));
        return value is null ? default(ReadOnlyMemory<byte>?) : value;
    }

    public async ValueTask SetAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        await Need(key);
        if (value.Length > LargestValue)
        {
            throw new UserFacingException($"{grant.Name} can't store {value.Length} bytes under \"{key}\": {LargestValue} are the most.") { Permanent = true };
        }

        await Write(
            async transaction =>
            {
                await Grow(transaction, key, value.Length + Encoding.UTF8.GetByteCount(key), cancel);
                return await Run(transaction, SetSql, new { organization = OrganizationId.Default, plugin = grant.PluginId, key, value = value.ToArray() }, cancel) > 0;
            },
            cancel);
    }

    public async ValueTask<bool> RemoveAsync(string key, CancellationToken cancel)
    {
        await Need(key);
        return await Write(
            async transaction =>
            {
                await Grow(transaction, key, 0, cancel);
                return await Run(transaction, RemoveSql, Keyed(key), cancel) > 0;
            },
            cancel);
    }

    public async IAsyncEnumerable<string> KeysAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        string? after = null;
        List<string> page;
        do
        {
            await grant.Need("store", "use its store");
            await using (var connection = await lending.Rooms.Database.OpenRead(OrganizationId.Default, cancel))
            {
                page = [.. await connection.QueryAsync<string>(new CommandDefinition(
                    KeysSql, new { organization = OrganizationId.Default, plugin = grant.PluginId, prefix, after, size = PageSize }, cancellationToken: cancel))];
            }

            foreach (var key in page)
            {
                yield return key;
            }

            after = page.LastOrDefault();
        }
        while (page.Count == PageSize);
    }

    public void Dispose() => turn.Dispose();

    private async Task<bool> Write(Func<DbTransaction, Task<bool>> work, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            return await lending.Rooms.Database.Write(work, cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task Grow(DbTransaction transaction, string key, long bytes, CancellationToken cancel)
    {
        var value = await transaction.Connection!.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(LockSql, Keyed(key), transaction, cancellationToken: cancel));
        var before = value is null ? 0 : value.Value + Encoding.UTF8.GetByteCount(key);
        if (await Run(transaction, GrowSql, new { organization = OrganizationId.Default, plugin = grant.PluginId, delta = bytes - before, room = Room }, cancel) == 0)
        {
            throw new UserFacingException($"The store of {grant.Name} is full: it holds {Room / (1024 * 1024)} MiB. It must remove something first.") { Permanent = true };
        }
    }

    private object Keyed(string key) => new { organization = OrganizationId.Default, plugin = grant.PluginId, key };

    private async ValueTask Need(string key)
    {
        if (string.IsNullOrEmpty(key) || key.Length > LongestKey || key.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"A key has 1 to {LongestKey} characters.", nameof(key));
        }

        await grant.Need("store", "use its store");
    }

    private static Task<int> Run(DbTransaction transaction, string sql, object values, CancellationToken cancel) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, values, transaction, cancellationToken: cancel));
}
