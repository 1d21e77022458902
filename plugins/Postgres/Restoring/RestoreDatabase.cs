using System.Globalization;
using System.IO.Pipelines;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Plugins.Postgres.Restoring;

/// Builds a database from its dump: structure, rows, what depends on rows, and only then the name. Whatever goes wrong before that, the
/// new database is dropped and the target is as it was.
internal sealed class RestoreDatabase(Cluster cluster, RestorePlan plan, IDumpReader dump)
{
    private readonly TargetDatabase target = new(cluster, plan);
    private readonly List<string> steps = [];
    private readonly List<string> warnings = [.. plan.Warnings];
    private readonly string item = plan.Options.Item;
    private long done;

    public async Task<RestoreReport> Run(CancellationToken cancel)
    {
        plan.MustBeFeasible();
        try
        {
            await Roles(cancel);
            await target.Create(cancel);
            Step($"Created database {Names.Shown(target.Name)}.");
            await Fill(cancel);
            if (!plan.Options.Scratch)
            {
                await cluster.Run(target.Name, "ANALYZE;", "Analysing the tables", cancel);
                await target.Finish(cancel);
                Step($"Database {Names.Shown(plan.Options.Target)} is complete and has its name.");
            }
        }
        catch (Exception failure) when (failure is not LeftoverInUseException)
        {
            await RemoveUnfinished();
            throw;
        }

        if (plan.TargetExists)
        {
            await DropReplaced(cancel);
        }

        return new RestoreReport([.. plan.Objects], steps, warnings);
    }

    private async Task Fill(CancellationToken cancel)
    {
        var toc = await Toc("schema.pgdump", cancel);
        var list = plan.Subset
            ? TocList.Tables(toc, plan)
            : TocList.Everything(toc, cluster.Server.Superuser, plan.AllRoles);
        await Archive("schema.pgdump", "Restoring the structure", list, ["--section=pre-data"], cancel);
        foreach (var table in plan.Tables.Where(t => t.HasRows))
        {
            await Rows(table, cancel);
        }

        Step(string.Create(CultureInfo.InvariantCulture, $"Restored {plan.Objects.Count()} tables with {plan.Objects.Sum(o => o.Rows)} rows."));
        await Sequences(cancel);
        if (plan.Manifest.LargeObjects is { } large && !plan.Subset)
        {
            await Archive("large-objects.pgdump", "Restoring the large objects", TocList.LargeObjects(await Toc("large-objects.pgdump", cancel)), [], cancel);
            Step(string.Create(CultureInfo.InvariantCulture, $"Restored {large.Count} large objects."));
        }

        await Archive("schema.pgdump", "Restoring indexes, constraints and triggers", list, ["--section=post-data"], cancel);
        Step("Restored indexes, constraints and triggers.");
        if (!plan.Subset)
        {
            await MaterializedViews.Refresh(cluster, target.Name, plan.Manifest.Structure.MaterializedViews, cancel);
        }
    }

    private async Task Roles(CancellationToken cancel)
    {
        foreach (var role in plan.RolesToCreate)
        {
            await cluster.Run(cluster.Maintenance, $"CREATE ROLE {Names.Identifier(role)} NOLOGIN;", $"Creating role {Names.Shown(role)}", cancel);
            Step($"Created role {Names.Shown(role)} without login.");
        }
    }

    private async Task Rows(Table table, CancellationToken cancel)
    {
        var doing = $"Restoring table {table.FullName}";
        var content = await dump.OpenAsync([item, "tables", $"{table.FullName}.copy"], cancel);
        // Given as arguments and not as a script, so that standard input is the rows and nothing else.
        await using var psql = await cluster.Source.Server.StartAsync(
            cluster.Psql(target.Name, "-v", "QUIET=off", "-c", SessionSettings.ForRows(plan.Manifest.Database.Encoding), "-c", Catalog.CopyIn(table)), cancel);
        var (printed, exit) = await Streams.Feed(psql, content, count => Progress(count, table.FullName), cancel);
        if (!exit.Ok)
        {
            throw PostgresFailure.From(exit, doing, cluster.Source);
        }

        if (printed.TrimEnd().Split('\n')[^1].Trim() != string.Create(CultureInfo.InvariantCulture, $"COPY {table.Rows}"))
        {
            throw new UserFacingException($"{doing} failed: {table.Rows} rows were dumped, and PostgreSQL took in \"{printed.TrimEnd().Split('\n')[^1]}\".");
        }
    }

    private async Task Sequences(CancellationToken cancel)
    {
        var used = plan.Tables.Select(t => t.Oid).ToHashSet();
        var wanted = plan.Manifest.Structure.Sequences.Where(s => !plan.Subset || s.UsedBy.Any(used.Contains)).Select(s => (s.Schema, s.Name)).ToHashSet();
        var states = plan.Manifest.SequenceStates.Where(s => wanted.Contains((s.Schema, s.Name))).ToList();
        await cluster.Run(target.Name, $"\\o /dev/null\nBEGIN;\n{Catalog.SetSequences(states)}COMMIT;\n", "Setting the sequences", cancel);
        Step(string.Create(CultureInfo.InvariantCulture, $"Set {states.Count} sequences."));
    }

    private async Task<string> Toc(string archive, CancellationToken cancel)
    {
        var content = await dump.OpenAsync([item, archive], cancel);
        var list = new CommandSpec(cluster.Tools.Path("pg_restore"), "-l") { RunAs = cluster.Source.RunAs };
        await using var restore = await cluster.Source.Server.StartAsync(list, cancel);
        var (printed, exit) = await Streams.Feed(restore, content, null, cancel);
        return exit.Ok ? printed : throw PostgresFailure.From(exit, $"Reading the contents of {archive}", cluster.Source);
    }

    private async Task Archive(string archive, string doing, string list, string[] arguments, CancellationToken cancel)
    {
        var file = new CommandFile("MEDICINEMAN_LIST", list);
        // Functions may need tables that were not chosen; for single tables such errors are warnings.
        string[] strict = plan.Subset ? [] : ["--exit-on-error"];
        string[] owners = plan.KeepOwners ? [] : ["--no-owner", "--no-privileges"];
        string[] scratch = plan.Options.Scratch ? ["--no-subscriptions"] : [];
        // A tablespace is a folder of the old server; the new one has its own default.
        var command = cluster.Command("pg_restore", target.Name, [.. arguments, "--no-tablespaces", .. strict, .. owners, .. scratch, "-L", file.Argument]);
        var content = await dump.OpenAsync([item, archive], cancel);
        await using var restore = await cluster.Source.Server.StartAsync(command with { Files = [.. command.Files, file] }, cancel);
        var (_, exit) = await Streams.Feed(restore, content, count => Progress(count, archive), cancel);
        if (!exit.Ok && plan.Subset && exit.ErrorText.Contains("errors ignored on restore", StringComparison.Ordinal))
        {
            warnings.Add($"{doing}: what needs tables that were not chosen was left out. {PostgresFailure.From(exit, "The first", cluster.Source).Message}");
        }
        else if (!exit.Ok)
        {
            throw PostgresFailure.From(exit, doing, cluster.Source);
        }
    }

    private async Task DropReplaced(CancellationToken cancel)
    {
        try
        {
            await target.DropReplaced(cancel);
            Step("Dropped the database that was replaced.");
        }
        catch (PostgresFailure left)
        {
            warnings.Add($"The restore is complete, but the replaced database is still there. {left.Message}");
        }
    }

    private async Task RemoveUnfinished()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            await target.Drop(limit.Token);
        }
        catch (Exception left) when (left is UserFacingException or OperationCanceledException)
        {
            dump.Log($"The unfinished database {Names.Shown(target.Name)} could not be removed; the next attempt will. {left.Message}");
        }
    }

    private void Step(string step)
    {
        steps.Add(step);
        dump.Log(step);
    }

    private void Progress(long bytes, string detail)
    {
        done += bytes;
        dump.Progress.Report(new JobProgress("restore", done, Math.Max(done, plan.Tables.Sum(t => t.Bytes)), Detail: detail));
    }
}
