using MedicineMan.Repository.Files;

namespace MedicineMan.Repository.Sources;

/// <summary>Counts what a backup will come across, for the time left. What can't be seen is not counted: the backup itself names it.</summary>
internal sealed class SourceScan(SourceFilter filter)
{
    public SourceSize Run(CancellationToken cancel)
    {
        var (files, bytes) = (0L, 0L);
        var open = new Stack<string>(filter.Outermost);
        while (open.TryPop(out var path))
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                var facts = Posix.Facts(path);
                if (filter.LeavesOut(path, facts))
                {
                    continue;
                }

                switch (facts.Mode & 0xF000)
                {
                    case 0x8000:
                        (files, bytes) = (files + 1, bytes + (long)facts.Size);
                        break;
                    case 0x4000:
                        foreach (var name in filter.Wanted(path, Posix.Names(path)).Select(name => SourceFilter.Join(path, name)).Where(name => !filter.LeavesOut(name)))
                        {
                            open.Push(name);
                        }

                        break;
                }
            }
            catch (PosixException)
            {
                // Gone, or not for us.
            }
        }

        return new SourceSize(files, bytes);
    }
}
