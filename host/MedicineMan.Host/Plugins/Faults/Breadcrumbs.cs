using System.IO.MemoryMappedFiles;
using System.Text;

namespace MedicineMan.Host.Plugins.Faults;

/// Which plugins the process is inside at this moment, in a mapped file that outlives the process: a stack overflow or a crash in native code can't
/// be caught, but the next start reads here where it happened. A crumb costs a copy of 128 bytes and no system call.
internal sealed class Breadcrumbs : IDisposable
{
    private const int Places = 256;
    private const int Length = 128;

    private readonly MemoryMappedFile? file;
    private readonly MemoryMappedViewAccessor? view;
    private readonly Stack<int> free = new(Enumerable.Range(0, Places).Reverse());
    private readonly Lock gate = new();

    /// <param name="path">Null, or a file that another process holds, for none.</param>
    public Breadcrumbs(string? path)
    {
        if (path is null)
        {
            return;
        }

        try
        {
            var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            stream.SetLength(Places * Length);
            file = MemoryMappedFile.CreateFromFile(stream, null, Places * Length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
            view = file.CreateViewAccessor();
            Left = ReadAndWipe(view);
        }
        catch (IOException)
        {
            // A command that runs beside the server: it leaves the server's crumbs alone.
            file?.Dispose();
            (file, view) = (null, null);
        }
    }

    /// What the last process was inside of when it ended; empty when it ended in good order, or outside of every plugin.
    public IReadOnlyList<Crumb> Left { get; } = [];

    /// A crumb to drop often; making it costs more than dropping it.
    public static byte[] Of(string plugin, string where)
    {
        var crumb = new byte[Length];
        _ = Encoding.UTF8.TryGetBytes(plugin, crumb.AsSpan(0, 64), out _);
        _ = Encoding.UTF8.TryGetBytes(where.AsSpan(0, Math.Min(where.Length, 20)), crumb.AsSpan(64), out _);
        return crumb;
    }

    /// <param name="crumb">From <see cref="Of"/>.</param>
    /// <returns>The place to pick it up from.</returns>
    public int Drop(byte[] crumb)
    {
        if (view is null)
        {
            return -1;
        }

        int place;
        lock (gate)
        {
            if (!free.TryPop(out place))
            {
                return -1;
            }
        }

        view.SafeMemoryMappedViewHandle.WriteSpan((ulong)(place * Length), (ReadOnlySpan<byte>)crumb);
        return place;
    }

    public void Pick(int place)
    {
        if (place < 0 || view is null)
        {
            return;
        }

        view.Write(place * Length, 0L);
        lock (gate)
        {
            free.Push(place);
        }
    }

    /// The process ends in good order: what still hangs inside a plugin is no death.
    public void Sweep()
    {
        for (var place = 0; view is not null && place < Places; place++)
        {
            view.Write(place * Length, 0L);
        }
    }

    public void Dispose()
    {
        view?.Dispose();
        file?.Dispose();
    }

    private static List<Crumb> ReadAndWipe(MemoryMappedViewAccessor view)
    {
        var left = new List<Crumb>();
        var bytes = new byte[Length];
        for (var place = 0; place < Places; place++)
        {
            view.ReadArray(place * Length, bytes, 0, Length);
            if (bytes[0] != 0)
            {
                left.Add(new Crumb(Text(bytes.AsSpan(0, 64)), Text(bytes.AsSpan(64))));
                view.WriteArray(place * Length, new byte[Length], 0, Length);
            }
        }

        return [.. left.Distinct()];
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes[..(bytes.IndexOf((byte)0) is var end and >= 0 ? end : bytes.Length)]);
}

/// <param name="Plugin">Its id.</param>
/// <param name="Where">"load", "route", "job", "fragment", "provider".</param>
internal sealed record Crumb(string Plugin, string Where);
