using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Plugins.Postgres;

/// One psql kept open for questions that must share a transaction. Not for use from several threads at once.
internal sealed class Session : IAsyncDisposable
{
    private const int MaxAnswer = 256 << 20;

    private readonly Cluster cluster;
    private readonly ICommand psql;
    private readonly string marker = $"end of answer {Guid.NewGuid():N}";

    private Session(Cluster cluster, ICommand psql) => (this.cluster, this.psql) = (cluster, psql);

    public static async Task<Session> Open(Cluster cluster, string database, CancellationToken cancel)
    {
        var session = new Session(cluster, await cluster.Source.Server.StartAsync(cluster.Psql(database), cancel));
        await session.Run(SessionSettings.Sql + SessionSettings.NoTimeouts(cluster.Major), $"Connecting to database {Names.Shown(database)}", cancel);
        return session;
    }

    public async Task<T> Ask<T>(string sql, JsonTypeInfo<T> type, CancellationToken cancel) =>
        JsonSerializer.Deserialize(await Run(sql + ";", "Reading the catalogue", cancel), type)!;

    /// Runs statements and returns what they print. psql ends at the first error, and the session with it.
    public async Task<string> Run(string sql, string doing, CancellationToken cancel)
    {
        await Streams.Say(psql, $"{sql}\n\\echo {marker}\n", last: false, cancel);
        var end = Encoding.UTF8.GetBytes($"{marker}\n");
        while (true)
        {
            var read = await psql.StandardOutput.ReadAsync(cancel);
            if (EndsWith(read.Buffer, end))
            {
                var answer = Encoding.UTF8.GetString(read.Buffer.Slice(0, read.Buffer.Length - end.Length));
                psql.StandardOutput.AdvanceTo(read.Buffer.End);
                return answer;
            }

            if (read.IsCompleted)
            {
                psql.StandardOutput.AdvanceTo(read.Buffer.End);
                throw PostgresFailure.From(await psql.Completion, doing, cluster.Source);
            }

            if (read.Buffer.Length > MaxAnswer)
            {
                throw new CommandException($"psql printed more than {MaxAnswer} bytes; it was ended.");
            }

            psql.StandardOutput.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public ValueTask DisposeAsync() => psql.DisposeAsync();

    private static bool EndsWith(ReadOnlySequence<byte> buffer, byte[] end) =>
        buffer.Length >= end.Length && buffer.Slice(buffer.Length - end.Length).ToArray().AsSpan().SequenceEqual(end);
}
