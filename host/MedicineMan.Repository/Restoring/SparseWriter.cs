using MedicineMan.Repository.Files;
using MedicineMan.Repository.Restoring.Targets;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Restoring;

/// <summary>Writes a file front to back and leaves holes where it is zero: a sparse file comes back as one and not as what it would be written out.</summary>
/// <param name="file">Open for writing.</param>
/// <param name="isNew">True when nothing is in it yet, so that it is all holes.</param>
internal sealed class SparseWriter(SafeFileHandle file, bool isNew)
{
    // A hole smaller than this saves nothing worth a file in pieces.
    private const int Step = 32 << 10;

    private long at;
    private long written;

    /// <summary>Goes on elsewhere.</summary>
    public void MoveTo(long offset) => at = offset;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var zeros = Steps(bytes, zero: true);
            if (zeros > 0 && !isNew && !TryClear(zeros))
            {
                RandomAccess.Write(file, bytes[..zeros], at);
            }

            at += zeros;
            bytes = bytes[zeros..];
            var rest = Steps(bytes, zero: false);
            if (rest > 0)
            {
                Posix.WriteBehind(file, bytes[..rest], at);
                written = at += rest;
                bytes = bytes[rest..];
            }
        }
    }

    /// <summary>Cuts the file off, or makes it longer, where it ends.</summary>
    public void Finish(long length)
    {
        if (!isNew || written < length)
        {
            RandomAccess.SetLength(file, length);
        }
    }

    // Beyond the end there is nothing to clear.
    private bool TryClear(int length) =>
        OpenFolderCalls.fallocate((int)file.DangerousGetHandle(), OpenFolderCalls.PunchHole, at, length) == 0;

    // How many bytes from the start are whole steps of zeros, or until the next of those.
    private static int Steps(ReadOnlySpan<byte> bytes, bool zero)
    {
        var end = 0;
        while (end < bytes.Length && bytes[end..Math.Min(bytes.Length, end + Step)].ContainsAnyExcept((byte)0) != zero)
        {
            end += Step;
        }

        return Math.Min(end, bytes.Length);
    }
}
