namespace MedicineMan.Repository.Writing;

/// <summary>What a backup has done so far, counted from many threads.</summary>
internal sealed class BackupCounters
{
    private long bytesRead;
    private long bytesNew;
    private long bytesStored;
    private long files;
    private long folders;
    private long unchanged;
    private long changed;
    private long dataBlobs;
    private long treeBlobs;

    public void Read(long bytes) => Interlocked.Add(ref bytesRead, bytes);

    public void FileDone() => Interlocked.Increment(ref files);

    public void FileChanged() => Interlocked.Increment(ref changed);

    public void FolderDone() => Interlocked.Increment(ref folders);

    public void FileUnchanged(long bytes)
    {
        Interlocked.Add(ref bytesRead, bytes);
        Interlocked.Increment(ref files);
        Interlocked.Increment(ref unchanged);
    }

    public void DataStored(long plain, long stored)
    {
        Interlocked.Add(ref bytesNew, plain);
        Interlocked.Add(ref bytesStored, stored);
        Interlocked.Increment(ref dataBlobs);
    }

    public void TreeStored(long plain, long stored)
    {
        Interlocked.Add(ref bytesNew, plain);
        Interlocked.Add(ref bytesStored, stored);
        Interlocked.Increment(ref treeBlobs);
    }

    public void Overhead(long stored) => Interlocked.Add(ref bytesStored, stored);

    public BackupStatistics Now() => new()
    {
        BytesRead = Interlocked.Read(ref bytesRead),
        BytesNew = Interlocked.Read(ref bytesNew),
        BytesStored = Interlocked.Read(ref bytesStored),
        Files = Interlocked.Read(ref files),
        FilesUnchanged = Interlocked.Read(ref unchanged),
        FilesChanged = Interlocked.Read(ref changed),
        Folders = Interlocked.Read(ref folders),
        DataBlobs = Interlocked.Read(ref dataBlobs),
        TreeBlobs = Interlocked.Read(ref treeBlobs),
    };
}
