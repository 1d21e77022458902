namespace MedicineMan.Plugins.Postgres.Restoring;

/// Fills materialised views again: their rows are not dumped, because they follow from tables.
internal static class MaterializedViews
{
    public static async Task Refresh(Cluster cluster, string database, IReadOnlyList<MaterializedView> views, CancellationToken cancel)
    {
        var open = views.Where(v => v.Populated).ToList();
        while (open.Count > 0)
        {
            List<MaterializedView> waiting = [];
            PostgresFailure? unfilled = null;
            foreach (var view in open)
            {
                try
                {
                    await cluster.Run(database, $"REFRESH MATERIALIZED VIEW {Names.Identifier(view.Schema, view.Name)};", $"Filling materialised view {Names.Object(view.Schema, view.Name)}", cancel);
                }
                catch (PostgresFailure failure) when (failure.Message.Contains("has not been populated", StringComparison.Ordinal))
                {
                    // It reads another that is still empty; its turn comes in the next round.
                    (unfilled, waiting) = (failure, [.. waiting, view]);
                }
            }

            open = waiting.Count < open.Count ? waiting : throw unfilled!;
        }
    }
}
