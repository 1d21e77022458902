using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Reading;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Restoring.Targets;

/// <summary>Tells where a file of this machine is not what a snapshot has, block by block. Only streams in parts are read from the repository for it.</summary>
internal sealed class ContentComparison(BlobReader blobs, TreeNode file)
{
    /// <summary>Where it differs, in order; empty when it is the same. What it has beyond the snapshot's end is not looked at.</summary>
    /// <exception cref="DamagedException">Something of the snapshot's is missing, whatever this file holds.</exception>
    public async Task<Differences> Find(SafeFileHandle handle, CancellationToken cancel)
    {
        var length = RandomAccess.GetLength(handle);
        var found = new Differences(length);
        if (file.Content is null)
        {
            await new FileContent(blobs, file).CopyTo(
                (bytes, _) =>
                {
                    found.Next(bytes.Length, IsThere(handle, bytes.Span, found.Length));
                    return ValueTask.CompletedTask;
                },
                cancel);
            return found;
        }

        foreach (var id in file.Content)
        {
            cancel.ThrowIfCancellationRequested();
            if (!blobs.Index.TryFind(BlobKind.Data, id, out var place))
            {
                throw new DamagedException($"The block {id.Prefix} is in no index: a pack or an index file was lost.");
            }

            found.Next(place.PlainLength, IsThere(handle, id, found.Length, (int)place.PlainLength));
        }

        return found;
    }

    /// <summary>Whether these bytes stand at a place of the file.</summary>
    public bool IsThere(SafeFileHandle handle, ReadOnlySpan<byte> bytes, long offset)
    {
        var buffer = blobs.Buffers.Rent(bytes.Length);
        try
        {
            return Fill(handle, buffer.AsSpan(0, bytes.Length), offset) && bytes.SequenceEqual(buffer.AsSpan(0, bytes.Length));
        }
        finally
        {
            blobs.Buffers.Return(buffer);
        }
    }

    private bool IsThere(SafeFileHandle handle, ObjectId id, long offset, int length)
    {
        var buffer = blobs.Buffers.Rent(length);
        try
        {
            return Fill(handle, buffer.AsSpan(0, length), offset) && ObjectId.Of(buffer.AsSpan(0, length)) == id;
        }
        finally
        {
            blobs.Buffers.Return(buffer);
        }
    }

    private static bool Fill(SafeFileHandle handle, Span<byte> buffer, long offset)
    {
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(handle, buffer, offset);
            if (read == 0)
            {
                return false;
            }

            buffer = buffer[read..];
            offset += read;
        }

        return true;
    }
}

/// <summary>What a comparison found.</summary>
internal sealed class Differences(long lengthThere)
{
    private readonly List<ByteRange> ranges = [];

    public IReadOnlyList<ByteRange> Ranges => ranges;

    /// <summary>How long the snapshot's is.</summary>
    public long Length { get; private set; }

    public long DifferingBytes { get; private set; }

    public bool IsSame => ranges.Count == 0 && Length == lengthThere;

    /// <summary>Whether some of it is right.</summary>
    public bool IsPartlyRight => DifferingBytes < Length;

    public void Next(long bytes, bool isRight)
    {
        if (!isRight)
        {
            if (ranges is [.., var last] && last.Offset + last.Length == Length)
            {
                ranges[^1] = last with { Length = last.Length + bytes };
            }
            else
            {
                ranges.Add(new ByteRange(Length, bytes));
            }

            DifferingBytes += bytes;
        }

        Length += bytes;
    }
}
