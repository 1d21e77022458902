using System.Data.Common;
using System.Text.RegularExpressions;
using Dapper;
using MedicineMan.Host.Organizations;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Health;

namespace MedicineMan.Host.Plugins.Capabilities.Stores;

/// A plugin's own numbers over time. A series is bounded: beyond its limit the oldest points go, so that what measures for ever takes no more room
/// for ever.
internal sealed partial class LentSeries(Grant grant, Lending lending) : ITimeSeries
{
    public const int MostRead = 10_000;
    public const int MostPoints = 20_000;
    public const int MostSeries = 500;

    // So many at once, so that not every point costs a deletion.
    private const int Slack = 500;

    private const string KnownSql = "select points from plugin_series where organization_id = @organization and plugin_id = @plugin and series = @series and subject = @subject";
    private const string CountSql = "select count(*) from plugin_series where organization_id = @organization and plugin_id = @plugin";
    private const string BeginSql = "insert into plugin_series (organization_id, plugin_id, series, subject, points) values (@organization, @plugin, @series, @subject, 0) on conflict do nothing";

    private const string AddSql = """
        insert into plugin_points (organization_id, plugin_id, series, subject, at, value) values (@organization, @plugin, @series, @subject, @at, @value)
        on conflict (organization_id, plugin_id, series, subject, at) do update set value = excluded.value
        """;

    private const string GrownSql = """
        update plugin_series set points = points + 1 where organization_id = @organization and plugin_id = @plugin and series = @series and subject = @subject
        returning points
        """;

    // Counted anew, since a point that replaced one of the same moment was counted twice.
    private const string CutSql = """
        delete from plugin_points
        where organization_id = @organization and plugin_id = @plugin and series = @series and subject = @subject and at < (
            select at from plugin_points where organization_id = @organization and plugin_id = @plugin and series = @series and subject = @subject
            order by at desc limit 1 offset @kept)
        """;

    private const string RecountSql = """
        update plugin_series set points = (
            select count(*) from plugin_points p where p.organization_id = @organization and p.plugin_id = @plugin and p.series = @series and p.subject = @subject)
        where organization_id = @organization and plugin_id = @plugin and series = @series and subject = @subject
        """;

    private const string InRangeSql = """
        select count(*) from plugin_points
        where organization_id = @organization and plugin_id = @plugin and series = @series and subject = @subject and at >= @from and at <= @to
        """;

    private const string ReadSql = """
        select at, value from (
            select at, value, row_number() over (order by at) - 1 as place from plugin_points
            where organization_id = @organization and plugin_id = @plugin and series = @series and subject = @subject and at >= @from and at <= @to) numbered
        where place % @step = 0 order by at
        """;

    public async ValueTask AddAsync(string series, string subject, DateTimeOffset at, double value, CancellationToken cancel)
    {
        await Need(series, subject);
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, $"A point of {series} must be a finite number.");
        }

        await lending.Rooms.Database.Write(
            async transaction =>
            {
                var point = new { organization = OrganizationId.Default, plugin = grant.PluginId, series, subject, at, value, kept = MostPoints - 1 };
                await Begin(transaction, point, cancel);
                await Run(transaction, AddSql, point, cancel);
                if (await transaction.Connection!.ExecuteScalarAsync<long>(new CommandDefinition(GrownSql, point, transaction, cancellationToken: cancel)) > MostPoints + Slack)
                {
                    await Run(transaction, CutSql, point, cancel);
                    await Run(transaction, RecountSql, point, cancel);
                }
            },
            cancel);
    }

    public async ValueTask<IReadOnlyList<SeriesPoint>> ReadAsync(string series, string subject, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        await Need(series, subject);
        await using var connection = await lending.Rooms.Database.OpenRead(OrganizationId.Default, cancel);
        var asked = new { organization = OrganizationId.Default, plugin = grant.PluginId, series, subject, from, to };
        var count = await connection.ExecuteScalarAsync<long>(new CommandDefinition(InRangeSql, asked, cancellationToken: cancel));
        var step = Math.Max(1, (count + MostRead - 1) / MostRead);
        var rows = await connection.QueryAsync<PointRow>(new CommandDefinition(ReadSql, new { asked.organization, asked.plugin, series, subject, from, to, step }, cancellationToken: cancel));
        return [.. rows.Select(row => new SeriesPoint(row.At, row.Value))];
    }

    private async Task Begin(DbTransaction transaction, object point, CancellationToken cancel)
    {
        var connection = transaction.Connection!;
        if (await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(KnownSql, point, transaction, cancellationToken: cancel)) is not null)
        {
            return;
        }

        if (await connection.ExecuteScalarAsync<long>(new CommandDefinition(CountSql, point, transaction, cancellationToken: cancel)) >= MostSeries)
        {
            throw new UserFacingException($"{grant.Name} keeps {MostSeries} series already, and no more are kept of one plugin.") { Permanent = true };
        }

        await Run(transaction, BeginSql, point, cancel);
    }

    private async ValueTask Need(string series, string subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        if (series is not { Length: > 0 and <= 100 } || !Name().IsMatch(series) || subject.Length > 200)
        {
            throw new ArgumentException("A series is named with dotted lower-case words, at most 100 characters, and its subject with at most 200.", nameof(series));
        }

        await grant.Need("store", "keep numbers");
    }

    private static Task<int> Run(DbTransaction transaction, string sql, object values, CancellationToken cancel) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, values, transaction, cancellationToken: cancel));

    [GeneratedRegex(@"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    private sealed record PointRow
    {
        public required DateTimeOffset At { get; init; }

        public required double Value { get; init; }
    }
}
