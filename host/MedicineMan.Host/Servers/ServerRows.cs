using System.Data.Common;
using Dapper;

namespace MedicineMan.Host.Servers;

/// Reads the rows of the server list by position. It is the page people look at most, and reading each column by its type is less work than
/// mapping it by name.
internal static class ServerRows
{
    public static async Task<List<ServerRow>> Read(DbConnection connection, CommandDefinition command, CancellationToken cancel)
    {
        await using var reader = await connection.ExecuteReaderAsync(command);
        var rows = new List<ServerRow>(64);
        while (await reader.ReadAsync(cancel))
        {
            rows.Add(new ServerRow
            {
                Id = reader.GetString(0),
                Name = reader.GetString(1),
                Address = reader.GetString(2),
                Port = reader.GetInt32(3),
                Kind = reader.GetString(4),
                UserName = reader.GetString(5),
                Tags = reader.GetString(6),
                State = reader.GetString(7),
                SeenAt = reader.IsDBNull(8) ? null : DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(8)),
                LastError = Text(reader, 9),
                OsName = Text(reader, 10),
                ServicesSummary = Text(reader, 11),
                DiskUsedPercent = reader.IsDBNull(12) ? null : reader.GetInt32(12),
                HostKeyPending = reader.GetInt32(13) != 0,
            });
        }

        return rows;
    }

    private static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
