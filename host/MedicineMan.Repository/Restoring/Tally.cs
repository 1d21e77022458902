namespace MedicineMan.Repository.Restoring;

/// <summary>Counts what a restore does, from several threads, and tells whoever watches.</summary>
internal sealed class Tally(RestoreOptions options, IProgress<RestoreProgress>? progress)
{
    private readonly long[] counts = new long[Enum.GetValues<RestoreAction>().Length];
    private long files;
    private long bytes;
    private long written;
    private long totalFiles;
    private long totalBytes;

    public void Expect(long moreFiles, long moreBytes)
    {
        Interlocked.Add(ref totalFiles, moreFiles);
        Interlocked.Add(ref totalBytes, moreBytes);
    }

    /// <summary>Bytes of a file that is being written.</summary>
    public void Pass(long more)
    {
        var now = Interlocked.Add(ref bytes, more);
        progress?.Report(new RestoreProgress(Interlocked.Read(ref files), now, Interlocked.Read(ref totalFiles), Interlocked.Read(ref totalBytes)));
    }

    public void Write(long more) => Interlocked.Add(ref written, more);

    /// <summary>An entry that is done.</summary>
    public void Done(RestoreAction action, string path, long size, bool isFile)
    {
        if (isFile || action is RestoreAction.Removed)
        {
            Interlocked.Increment(ref counts[(int)action]);
        }

        if (isFile)
        {
            Interlocked.Increment(ref files);
            Pass(0);
        }

        options.Each?.Invoke(new RestoredEntry(action, path, size));
    }

    public RestoreReport Report(IReadOnlyList<string> problems) =>
        new(Count(RestoreAction.Restored) + Count(RestoreAction.Updated), Interlocked.Read(ref written), problems)
        {
            Unchanged = Count(RestoreAction.Unchanged), Kept = Count(RestoreAction.Kept), Removed = Count(RestoreAction.Removed),
        };

    private long Count(RestoreAction action) => Interlocked.Read(ref counts[(int)action]);
}
