using System.Security.Cryptography;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Restoring.Targets;

/// <summary>
/// A folder of the target, and how it is reached. One that only leads to what was chosen is made when there is something to put into it; in a dry run
/// none is made.
/// </summary>
internal sealed class Place
{
    private const string Unfinished = ".medicineman-";
    private const string UnfinishedEnd = ".part";

    private readonly Lock gate = new();
    private readonly Place? above;
    private readonly string name;
    private readonly Func<FileFacts, bool> yields;
    private RestoredFolder? folder;
    private int holders = 1;

    /// <summary>The target.</summary>
    /// <param name="folder">It, opened; null when it is not there and is not to be made.</param>
    /// <param name="path">What it is called.</param>
    /// <param name="source">Where in the snapshot what goes into it is.</param>
    public Place(RestoredFolder? folder, string path, IReadOnlyList<string> source)
    {
        this.folder = folder;
        name = path;
        Source = [.. source];
        Root = this;
        yields = _ => false;
    }

    /// <summary>A folder in another one.</summary>
    /// <param name="above">That one.</param>
    /// <param name="name">Its name.</param>
    /// <param name="yields">Whether something else that has the name may be removed.</param>
    public Place(Place above, string name, Func<FileFacts, bool> yields)
    {
        (this.above, this.name, this.yields) = (above, name, yields);
        Path = [.. above.Path, name];
        Source = [.. above.Source, name];
        Root = above.Root;
        above.Hold();
    }

    public Place Root { get; }

    /// <summary>From the target on.</summary>
    public string[] Path { get; } = [];

    /// <summary>In the snapshot.</summary>
    public string[] Source { get; }

    /// <summary>The folder, when it is open.</summary>
    public RestoredFolder? Opened => folder;

    /// <summary>True when this restore made it, so that nothing is in it but what it puts there.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Names in the snapshot's folder that look like those of unfinished files.</summary>
    public IReadOnlySet<string> Taken { get; private set; } = new HashSet<string>();

    /// <summary>What remains to be done when all that goes into it has.</summary>
    public Action? Finish { get; set; }

    /// <summary>Opens it, and makes it when it is missing.</summary>
    public RestoredFolder Open()
    {
        lock (gate)
        {
            return folder ??= Enter(above!.Open());
        }
    }

    /// <summary>Opens it; null when it is missing.</summary>
    public RestoredFolder? Look()
    {
        lock (gate)
        {
            return folder ??= above?.Look() is { } parent && parent.Facts(name) is { } facts && GoMode.FromUnix(facts.Mode).Type is "dir" ? parent.Enter(name) : null;
        }
    }

    public bool IsTarget => above is null;

    public string FullPath => above is null ? name : above.PathOf(name);

    public string PathOf(string entry) => $"{FullPath}/{entry}";

    public void Reserve(IEnumerable<TreeNode> nodes) =>
        Taken = nodes.Select(node => node.Name).Where(one => one.StartsWith(Unfinished, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);

    /// <summary>What an entry is called until it is complete: always the same, so that the next attempt finds it, and no name that the snapshot has.</summary>
    public string UnfinishedName(string entry)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(FileName.Encode(entry)).AsSpan(0, 8));
        var candidate = Unfinished + hash + UnfinishedEnd;
        while (Taken.Contains(candidate))
        {
            candidate += UnfinishedEnd;
        }

        return candidate;
    }

    /// <summary>It is needed until one more <see cref="Release"/>. Whoever made it holds it, and it holds the folder it is in.</summary>
    public void Hold() => Interlocked.Increment(ref holders);

    /// <summary>Finishes and closes it when this was the last to hold it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref holders) > 0)
        {
            return;
        }

        try
        {
            Finish?.Invoke();
        }
        finally
        {
            if (above is not null)
            {
                folder?.Dispose();
                above.Release();
            }
        }
    }

    private RestoredFolder Enter(RestoredFolder parent)
    {
        IsNew = parent.Make(name);
        try
        {
            var entered = parent.Enter(name);
            if (!IsNew)
            {
                Description.MakeUsable(entered.Handle, PathOf(""));
            }

            return entered;
        }
        catch (PosixException failure) when (failure.Error is PosixException.NotAFolder or PosixException.TooManyLinks && parent.Facts(name) is { } facts && yields(facts))
        {
            parent.Remove(name);
            IsNew = parent.Make(name);
            return parent.Enter(name);
        }
    }
}
