using MedicineMan.Repository;
using MedicineMan.Repository.Sources;

namespace MedicineMan.Host.Cli.Repository.Backup;

/// <summary>What a backup says of single files, and at its end.</summary>
internal static class BackupReport
{
    /// <summary>One file.</summary>
    public static void Say(Answer answer, SourceItem item)
    {
        var word = item.Change switch { SourceChange.New => "new", SourceChange.Changed => "modified", SourceChange.Unchanged => "unchanged", _ => "excluded" };
        answer.Say(Answer.Printable($"{word,-9}  {item.Path}"), item.Change is SourceChange.LeftOut
            ? new { message_type = "excluded_item", item = item.Path }
            : new { message_type = "verbose_status", action = word, item = item.Path });
    }

    /// <summary>All of it.</summary>
    /// <returns>The exit code.</returns>
    public static int Say(Answer answer, CommittedSnapshot committed, IReadOnlyList<string> missing, bool dryRun)
    {
        foreach (var remark in committed.Remarks)
        {
            answer.Warn(remark);
        }

        var skipped = committed.Skipped.Concat(missing).ToList();
        foreach (var each in skipped)
        {
            answer.Warn($"Left out: {each}");
        }

        var (statistics, written) = (committed.Statistics, committed.IsWritten);
        var id = committed.Id == default ? null : committed.Id.ToString();
        answer.Say(
            Title(committed, dryRun)
            + $"{statistics.Files} files ({Fresh(statistics)} new, {statistics.FilesChanged} changed, {statistics.FilesUnchanged} unchanged), {Answer.Size(statistics.BytesRead)} in all, "
            + (dryRun ? $"{Answer.Size(statistics.BytesNew)} would be new and take about {Answer.Size(statistics.BytesStored)}." : $"{Answer.Size(statistics.BytesNew)} new, {Answer.Size(statistics.BytesStored)} stored.")
            + (skipped.Count > 0 ? $" {skipped.Count} could not be read and {(dryRun ? "would not be" : "are not")} in it." : ""),
            new
            {
                message_type = "summary", snapshot = id, snapshot_id = written ? id : null, complete = skipped.Count == 0, dry_run = dryRun, statistics,
                files_new = Fresh(statistics), files_changed = statistics.FilesChanged, files_unmodified = statistics.FilesUnchanged,
                data_blobs = statistics.DataBlobs, tree_blobs = statistics.TreeBlobs, data_added = statistics.BytesNew, data_added_packed = statistics.BytesStored,
                total_files_processed = statistics.Files, total_bytes_processed = statistics.BytesRead,
            });
        return skipped.Count > 0 ? RepositoryAccess.Incomplete : 0;
    }

    private static long Fresh(BackupStatistics statistics) => statistics.Files - statistics.FilesChanged - statistics.FilesUnchanged;

    private static string Title(CommittedSnapshot committed, bool dryRun) =>
        committed.IsWritten ? $"Snapshot {committed.Id.Prefix}: "
        : committed.Id != default ? $"Nothing changed since snapshot {committed.Id.Prefix}, so no other {(dryRun ? "would be" : "was")} written: "
        : "Nothing was written: ";
}
