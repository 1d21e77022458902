using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Dapper;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs;

/// Tells whoever watches that a job changed, once the change is committed: on PostgreSQL by notifications, so that every node hears it,
/// on SQLite inside the process. A hint to read again, never the truth itself. One for each process.
public sealed class JobChanges(IJobDatabase database)
{
    internal const string Channel = "medicineman_jobs";

    internal const string NotifySql = "select pg_notify('" + Channel + "', @payload)";

    private readonly Lock gate = new();
    private readonly Dictionary<(string Organization, string? Job), List<Channel<bool>>> watchers = [];
    private readonly ConcurrentQueue<JobSignal> pending = new();
    private int delivering;

    internal event Action<JobSignal>? Heard;

    internal Takers Takers { get; } = new();

    /// Yields once at the start and then after changes of one job, or of any job of the organisation when none is named; read the job each time.
    /// Changes that come while the caller is busy are folded into one.
    public async IAsyncEnumerable<bool> Watch(string organization, string? job, [EnumeratorCancellation] CancellationToken cancel)
    {
        var changes = System.Threading.Channels.Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        changes.Writer.TryWrite(true);
        var key = (organization, job);
        lock (gate)
        {
            (watchers.TryGetValue(key, out var others) ? others : watchers[key] = []).Add(changes);
        }

        try
        {
            await foreach (var change in changes.Reader.ReadAllAsync(cancel))
            {
                yield return change;
            }
        }
        finally
        {
            lock (gate)
            {
                if (watchers[key].Remove(changes) && watchers[key].Count == 0)
                {
                    watchers.Remove(key);
                }
            }
        }
    }

    /// Tells of a change made in this transaction, if and when it is committed.
    internal async Task Announce(DbTransaction transaction, IEnumerable<JobSignal> signals, CancellationToken cancel)
    {
        if (database.Dialect == SqlDialect.Postgres)
        {
            foreach (var payload in JobSignal.Payloads(JobSignal.Few(signals)))
            {
                await transaction.Run(NotifySql, new { payload }, cancel);
            }

            return;
        }

        foreach (var signal in JobSignal.Few(signals))
        {
            pending.Enqueue(signal);
        }

        if (!pending.IsEmpty && Interlocked.Exchange(ref delivering, 1) == 0)
        {
            // Without the caller's execution context: what is ambient there, its transaction perhaps, is not ours.
            ThreadPool.UnsafeQueueUserWorkItem(_ => _ = Deliver(), null);
        }
    }

    /// What tells PostgreSQL's listeners of so few changes in one word; null when it takes more, and on SQLite.
    internal string? Payload(IEnumerable<JobSignal> signals) =>
        database.Dialect == SqlDialect.Postgres && JobSignal.Payloads(JobSignal.Few(signals)).ToList() is [var payload] ? payload : null;

    /// Runs a statement and tells of it, on PostgreSQL on the same way there and back.
    internal async Task Run(DbTransaction transaction, string sql, object arguments, IEnumerable<JobSignal> signals, CancellationToken cancel)
    {
        if (Payload(signals) is { } payload)
        {
            var all = new DynamicParameters(arguments);
            all.Add("payload", payload);
            await transaction.Run($"{sql};\n{NotifySql}", all, cancel);
            return;
        }

        await transaction.Run(sql, arguments, cancel);
        await Announce(transaction, signals, cancel);
    }

    internal void Publish(JobSignal signal)
    {
        Heard?.Invoke(signal);
        lock (gate)
        {
            if (watchers.Count == 0)
            {
                return;
            }

            Ring((signal.Organization, null));
            if (signal.Job.Length > 0)
            {
                Ring((signal.Organization, signal.Job));
                return;
            }

            foreach (var key in watchers.Keys.Where(key => key.Organization == signal.Organization))
            {
                Ring(key);
            }
        }
    }

    /// After a gap in hearing: everything may have changed.
    internal void PublishAll()
    {
        Heard?.Invoke(new(JobSignal.IsReady, "", ""));
        Heard?.Invoke(new(JobSignal.IsCancelled, "", ""));
        Heard?.Invoke(new(JobSignal.IsPaused, "", ""));
        lock (gate)
        {
            foreach (var key in watchers.Keys)
            {
                Ring(key);
            }
        }
    }

    private void Ring((string, string?) key)
    {
        foreach (var watcher in watchers.GetValueOrDefault(key) ?? [])
        {
            watcher.Writer.TryWrite(true);
        }
    }

    // SQLite has one writer: an empty write queues up behind the transaction that announced, so once it is through, that one has ended.
    private async Task Deliver()
    {
        do
        {
            var count = pending.Count;
            try
            {
                await database.Write(_ => Task.FromResult(true), CancellationToken.None);
            }
            catch (Exception exception) when (exception is DbException or ObjectDisposedException or InvalidOperationException)
            {
                // A database that is closing or broken is reported by those who need it; an early hint does no harm, a lost one does.
            }

            while (count-- > 0 && pending.TryDequeue(out var signal))
            {
                Publish(signal);
            }

            Volatile.Write(ref delivering, 0);
        }
        while (!pending.IsEmpty && Interlocked.Exchange(ref delivering, 1) == 0);
    }
}
