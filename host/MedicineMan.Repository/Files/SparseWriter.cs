using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Files;

/// <summary>Writes a file front to back and leaves holes where it is zero: a sparse file comes back as one and not as what it would be written out.</summary>
internal sealed class SparseWriter(SafeFileHandle file)
{
    // A hole smaller than this saves nothing worth a file in pieces.
    private const int Step = 32 << 10;

    private long at;
    private long written;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var zeros = Steps(bytes, zero: true);
            at += zeros;
            bytes = bytes[zeros..];
            var rest = Steps(bytes, zero: false);
            if (rest > 0)
            {
                RandomAccess.Write(file, bytes[..rest], at);
                written = at += rest;
                bytes = bytes[rest..];
            }
        }
    }

    public void Finish()
    {
        if (written < at)
        {
            RandomAccess.SetLength(file, at);
        }
    }

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
