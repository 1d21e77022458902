using System.Buffers;

namespace MedicineMan.Plugins.Sftp.Tests;

/// Memory that does something the moment it is first written to or read from: so a transfer is caught in its middle, however fast it is.
internal sealed class Trap(byte[] memory, Action sprung) : MemoryManager<byte>
{
    private int touched;

    // Of the base class's own making it would spring the trap, to learn its length.
    public override Memory<byte> Memory => CreateMemory(memory.Length);

    /// The content's bytes, with the trap after the first half.
    public static ReadOnlySequence<byte> Halfway(int length, Action sprung)
    {
        var content = SftpServer.Content(length).First;
        var first = new Part(content[..(length / 2)], 0);
        var middle = first.Then(new Trap(content.Slice(length / 2, 1000).ToArray(), sprung).Memory);
        var last = middle.Then(content[(length / 2 + 1000)..]);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    public override Span<byte> GetSpan()
    {
        if (Interlocked.Exchange(ref touched, 1) == 0)
        {
            sprung();
        }

        return memory;
    }

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

    public override void Unpin() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Part : ReadOnlySequenceSegment<byte>
    {
        public Part(ReadOnlyMemory<byte> memory, long at) => (Memory, RunningIndex) = (memory, at);

        public Part Then(ReadOnlyMemory<byte> memory)
        {
            var next = new Part(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
