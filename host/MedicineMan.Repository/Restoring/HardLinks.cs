using System.Collections.Concurrent;
using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Restoring;

/// <summary>Which files of a restore are one and the same under several names: the first is written, the others become links to it.</summary>
internal sealed class HardLinks
{
    private readonly ConcurrentDictionary<(ulong Inode, ulong Device), TaskCompletionSource<string[]?>> firsts = [];

    /// <summary>Writes the first, and links the others when the first is there; where that is not possible, they are written too.</summary>
    /// <param name="node">The file.</param>
    /// <param name="place">Where it goes, from the restore's target on.</param>
    /// <param name="write">Writes it as a file of its own; false when it could not.</param>
    /// <param name="link">Makes it a link to an earlier place.</param>
    public async Task Restore(TreeNode node, string[] place, Func<Task<bool>> write, Func<string[], Task> link)
    {
        if (node.Links < 2 || node.Inode == 0)
        {
            await write();
            return;
        }

        var own = new TaskCompletionSource<string[]?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = firsts.GetOrAdd((node.Inode, node.DeviceId), own);
        if (first != own)
        {
            if (await first.Task is { } earlier)
            {
                await link(earlier);
            }
            else
            {
                await write();
            }

            return;
        }

        try
        {
            own.SetResult(await write() ? place : null);
        }
        finally
        {
            own.TrySetResult(null);
        }
    }
}
