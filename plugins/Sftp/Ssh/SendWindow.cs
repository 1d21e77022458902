using MedicineMan.Plugins.Sftp.Wire;

namespace MedicineMan.Plugins.Sftp.Ssh;

/// <summary>How much the server takes at this moment, RFC 4254 5.2. One sender waits at a time.</summary>
internal sealed class SendWindow
{
    private readonly Lock gate = new();
    private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SftpLostException? lost;
    private uint left;
    private uint largest;

    public void Start(uint window, uint largestPacket)
    {
        lock (gate)
        {
            (left, largest) = (window, largestPacket);
        }
    }

    public void Widen(uint bytes)
    {
        lock (gate)
        {
            left += bytes;
        }

        Wake();
    }

    public void Close(SftpLostException loss)
    {
        lock (gate)
        {
            lost = loss;
        }

        Wake();
    }

    /// <returns>Bytes that may be sent now, which are then taken.</returns>
    /// <exception cref="SftpLostException">The window is closed.</exception>
    public async ValueTask<int> Take(int wanted)
    {
        while (true)
        {
            Task waiting;
            lock (gate)
            {
                if (lost is not null)
                {
                    throw lost;
                }

                var size = Math.Min(Math.Min(left, largest), (uint)wanted);
                if (size > 0)
                {
                    left -= size;
                    return (int)size;
                }

                waiting = more.Task;
            }

            await waiting;
        }
    }

    private void Wake()
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            (waiting, more) = (more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        waiting.TrySetResult();
    }
}
