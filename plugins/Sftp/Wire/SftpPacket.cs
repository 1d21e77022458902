using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>A request while it is written: length, type, id, and its fields. Its buffer is pooled; whoever sends it releases it.</summary>
internal sealed class SftpPacket
{
    private const int IdAt = 5;

    public SftpPacket(SftpType type, int room = 256)
    {
        Buffer = ArrayPool<byte>.Shared.Rent(room + 64);
        Buffer[4] = (byte)type;
        Length = type is SftpType.Init ? IdAt : IdAt + sizeof(uint);
    }

    public byte[] Buffer { get; private set; }

    public int Length { get; private set; }

    public SftpPacket Number(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Take(sizeof(uint)), value);
        return this;
    }

    public SftpPacket Long(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(Take(sizeof(long)), value);
        return this;
    }

    public SftpPacket Bytes(ReadOnlySpan<byte> value)
    {
        Number((uint)value.Length);
        value.CopyTo(Take(value.Length));
        return this;
    }

    public SftpPacket Bytes(ReadOnlySequence<byte> value)
    {
        Number((uint)value.Length);
        value.CopyTo(Take((int)value.Length));
        return this;
    }

    public SftpPacket Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    /// <summary>Puts length and id in: it can be sent.</summary>
    public SftpPacket Finish(uint? id)
    {
        BinaryPrimitives.WriteInt32BigEndian(Buffer, Length - sizeof(uint));
        if (id is { } number)
        {
            BinaryPrimitives.WriteUInt32BigEndian(Buffer.AsSpan(IdAt), number);
        }

        return this;
    }

    public void Release() => ArrayPool<byte>.Shared.Return(Buffer);

    private Span<byte> Take(int count)
    {
        if (Length + count > Buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Length + count);
            Buffer.AsSpan(0, Length).CopyTo(larger);
            Release();
            Buffer = larger;
        }

        Length += count;
        return Buffer.AsSpan(Length - count, count);
    }
}

/// <summary>Types of packets of version 3.</summary>
internal enum SftpType : byte
{
    Init = 1,
    Version = 2,
    Open = 3,
    Close = 4,
    Read = 5,
    Write = 6,
    LinkStat = 7,
    OpenFolder = 11,
    ReadFolder = 12,
    Remove = 13,
    MakeFolder = 14,
    Rename = 18,
    Status = 101,
    Handle = 102,
    Data = 103,
    Name = 104,
    Attributes = 105,
    Extended = 200,
    ExtendedReply = 201,
}
