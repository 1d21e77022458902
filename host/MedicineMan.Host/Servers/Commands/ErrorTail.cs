using System.Buffers;
using System.Text;

namespace MedicineMan.Host.Servers.Commands;

/// Reads a command's standard error: finds the wrapper's own first line in it and keeps the last 16 KiB of the rest.
internal sealed class ErrorTail(string nonce)
{
    private const int Size = 16 * 1024;
    private const int LongestWait = 256 * 1024;
    private readonly byte[] ring = new byte[Size];
    private readonly TaskCompletionSource<Announcement?> announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] frame = Encoding.UTF8.GetBytes($"\u001e{nonce} ");
    private ArrayBufferWriter<byte>? before = new();
    private long total;

    /// What the wrapper announced; null when the stream ended without it, which means that the command was never started.
    public Task<Announcement?> Announced => announced.Task;

    public string Text
    {
        get
        {
            lock (ring)
            {
                var kept = (int)Math.Min(total, Size);
                var bytes = new byte[kept];
                for (var i = 0; i < kept; i++)
                {
                    bytes[i] = ring[(total - kept + i) % Size];
                }

                return PlainText.From(bytes).Trim();
            }
        }
    }

    /// Reads to the end; never fails, because the exit says more than a broken error stream.
    public async Task Read(Stream errors)
    {
        var buffer = new byte[8 * 1024];
        try
        {
            int read;
            while ((read = await errors.ReadAsync(buffer)) > 0)
            {
                Take(buffer.AsSpan(0, read));
            }
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException or Sdk.Commands.CommandException)
        {
            // The end of the command is told by its exit.
        }

        announced.TrySetResult(null);
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (before is null)
        {
            Keep(bytes);
            return;
        }

        before.Write(bytes);
        var all = before.WrittenSpan;
        var at = all.IndexOf(frame);
        var end = at < 0 ? -1 : all[at..].IndexOf((byte)'\n');
        if (end >= 0)
        {
            // What a login script printed before it says nothing about the command.
            lock (ring)
            {
                total = 0;
            }

            before = null;
            Keep(all[(at + end + 1)..]);
            announced.TrySetResult(Announcement.Read(Encoding.UTF8.GetString(all.Slice(at + frame.Length, end - frame.Length))));
        }
        else if (before.WrittenCount > LongestWait)
        {
            before = null;
            announced.TrySetResult(null);
        }
        else
        {
            Keep(bytes);
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        lock (ring)
        {
            foreach (var b in bytes)
            {
                ring[total++ % Size] = b;
            }
        }
    }
}

/// Where the command lives on the server: the leader of its process group, and the folder of its files if it has any.
internal sealed record Announcement(int ProcessId, string? Folder)
{
    public static Announcement? Read(string line)
    {
        var parts = line.Split(' ', 2);
        var folder = parts.Length > 1 && parts[1].Length > 0 ? parts[1] : null;
        return int.TryParse(parts[0], out var id) && id > 1 ? new Announcement(id, folder) : null;
    }
}
