using System.Buffers;

namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>What is asked of a server, one method a request. A status that is no success is an <see cref="SftpStatusException"/>.</summary>
internal sealed class SftpCalls
{
    public const string HardLink = "hardlink@openssh.com";

    private const string Sync = "fsync@openssh.com";
    private const string FreeSpace = "statvfs@openssh.com";
    private const string Limits = "limits@openssh.com";

    // What every server must take (draft, 3); OpenSSH names larger ones, which cost it fewer turns.
    private const int SmallestPiece = 32 * 1024;
    private const int LargestPiece = 255 * 1024;

    private const uint Reading = 0x1;
    private const uint WritingNew = 0x2 | 0x8 | 0x20;
    private const uint ModeGiven = 0x4;
    private const uint OwnerFile = 0x180;
    private const uint OwnerFolder = 0x1C0;

    private readonly SftpSession session;

    private SftpCalls(SftpSession session) => this.session = session;

    public int ReadPiece { get; private set; } = SmallestPiece;

    public int WritePiece { get; private set; } = SmallestPiece;

    public bool Links => session.Offers(HardLink);

    /// <summary>Asks how much the server takes at once.</summary>
    /// <param name="session">Is disposed when that fails.</param>
    public static async Task<SftpCalls> Greet(SftpSession session, CancellationToken cancel)
    {
        var calls = new SftpCalls(session);
        try
        {
            if (session.Offers(Limits))
            {
                var (_, read, write) = Three(await calls.Ask(Extended(Limits), SftpType.ExtendedReply, cancel));
                (calls.ReadPiece, calls.WritePiece) = (Piece(read), Piece(write));
            }
        }
        catch (SftpStatusException)
        {
            // Then what every server takes.
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        return calls;
    }

    /// <returns>A handle.</returns>
    public Task<byte[]> OpenNew(string path, CancellationToken cancel) =>
        Handle(new SftpPacket(SftpType.Open).Text(path).Number(WritingNew).Number(ModeGiven).Number(OwnerFile), cancel);

    public Task<byte[]> OpenToRead(string path, CancellationToken cancel) => Handle(new SftpPacket(SftpType.Open).Text(path).Number(Reading).Number(0), cancel);

    public Task<byte[]> OpenFolder(string path, CancellationToken cancel) => Handle(new SftpPacket(SftpType.OpenFolder).Text(path), cancel);

    public Task Close(byte[] handle, CancellationToken cancel) => Do(new SftpPacket(SftpType.Close).Bytes(handle), cancel);

    /// <returns>Bytes read, fewer than fit if the server likes; 0 at the end of the file.</returns>
    public async Task<int> Read(byte[] handle, long offset, Memory<byte> into, CancellationToken cancel) =>
        (await session.Ask(new SftpPacket(SftpType.Read).Bytes(handle).Long(offset).Number((uint)into.Length), into, cancel)).Filled;

    /// <summary>The content is copied before the method returns.</summary>
    public Task Write(byte[] handle, long offset, ReadOnlySequence<byte> content, CancellationToken cancel) =>
        Do(new SftpPacket(SftpType.Write, (int)content.Length + handle.Length).Bytes(handle).Long(offset).Bytes(content), cancel);

    /// <summary>Has the server bring a file, or the names in a folder, to its disk, if it knows how to.</summary>
    public Task Flush(byte[] handle, CancellationToken cancel) => session.Offers(Sync) ? Do(Extended(Sync).Bytes(handle), cancel) : Task.CompletedTask;

    public bool Flushes => session.Offers(Sync);

    /// <returns>Null when there is nothing of that name.</returns>
    public async Task<SftpAttributes?> Look(string path, CancellationToken cancel)
    {
        try
        {
            return new SftpFields(await Ask(new SftpPacket(SftpType.LinkStat).Text(path), SftpType.Attributes, cancel)).Attributes();
        }
        catch (SftpStatusException missing) when (missing.Status is SftpStatus.NoSuchFile)
        {
            return null;
        }
    }

    public Task Remove(string path, CancellationToken cancel) => Do(new SftpPacket(SftpType.Remove).Text(path), cancel);

    public Task MakeFolder(string path, CancellationToken cancel) => Do(new SftpPacket(SftpType.MakeFolder).Text(path).Number(ModeGiven).Number(OwnerFolder), cancel);

    public Task Link(string from, string to, CancellationToken cancel) => Do(Extended(HardLink).Text(from).Text(to), cancel);

    public Task Rename(string from, string to, CancellationToken cancel) => Do(new SftpPacket(SftpType.Rename).Text(from).Text(to), cancel);

    /// <returns>The next entries of a folder; none at its end.</returns>
    public async Task<IReadOnlyList<SftpEntry>> ReadFolder(byte[] handle, CancellationToken cancel)
    {
        var answer = await session.Ask(new SftpPacket(SftpType.ReadFolder).Bytes(handle), default, cancel);
        return answer.Type switch
        {
            SftpType.Status => [],
            SftpType.Name => Entries(answer.Fields),
            _ => throw Unexpected(answer.Type),
        };
    }

    /// <returns>Free bytes for this user, and whether nothing may be written at all; null when the server does not tell.</returns>
    public async Task<(long Free, bool ReadOnly)?> Room(string path, CancellationToken cancel)
    {
        if (!session.Offers(FreeSpace))
        {
            return null;
        }

        var fields = new SftpFields(await Ask(Extended(FreeSpace).Text(path), SftpType.ExtendedReply, cancel));
        var numbers = new long[11];
        for (var at = 0; at < numbers.Length; at++)
        {
            numbers[at] = fields.Long();
        }

        return (numbers[4] * numbers[1], (numbers[9] & 1) != 0);
    }

    private static List<SftpEntry> Entries(byte[] answer)
    {
        var fields = new SftpFields(answer);
        var entries = new List<SftpEntry>();
        for (var left = fields.Number(); left > 0; left--)
        {
            var name = fields.Text();
            fields.Bytes();
            entries.Add(new SftpEntry(name, fields.Attributes()));
        }

        return entries;
    }

    private static (long, long, long) Three(byte[] answer)
    {
        var fields = new SftpFields(answer);
        return (fields.Long(), fields.Long(), fields.Long());
    }

    private static int Piece(long limit) => limit <= 0 ? SmallestPiece : (int)Math.Clamp(limit, 1024, LargestPiece);

    private static SftpPacket Extended(string name) => new SftpPacket(SftpType.Extended).Text(name);

    private async Task<byte[]> Handle(SftpPacket packet, CancellationToken cancel) => new SftpFields(await Ask(packet, SftpType.Handle, cancel)).Bytes().ToArray();

    private Task<byte[]> Do(SftpPacket packet, CancellationToken cancel) => Ask(packet, SftpType.Status, cancel);

    private async Task<byte[]> Ask(SftpPacket packet, SftpType expected, CancellationToken cancel)
    {
        var answer = await session.Ask(packet, default, cancel);
        return answer.Type == expected ? answer.Fields : throw Unexpected(answer.Type);
    }

    private static SftpLostException Unexpected(SftpType type) => new($"The server answered with a packet of the type {(byte)type}, which does not belong there.");
}
