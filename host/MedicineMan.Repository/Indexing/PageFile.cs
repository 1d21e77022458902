using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Indexing;

/// <summary>
/// Pages that memory is too dear for, in a file of the system's folder for such: the owner's alone, without a name as soon as it is open, and gone with the
/// process. It is made at the first page. Not for two threads at once.
/// </summary>
internal sealed class PageFile(int pageLength)
{
    private SafeFileHandle? file;
    private bool refused;

    /// <returns>False when the page stays with the caller, because the disk is full or refuses: it costs memory then, and nothing else.</returns>
    public bool TryWrite(int page, ReadOnlySpan<byte> content)
    {
        try
        {
            if (refused)
            {
                return false;
            }

            file ??= Open();

            RandomAccess.Write(file, content, (long)page * pageLength);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What was written before stays readable; no further page is tried.
            refused = true;
            return false;
        }
    }

    /// <exception cref="IOException">What was written can't be read any more.</exception>
    public void Read(int page, int offset, Span<byte> destination)
    {
        if (file is null || RandomAccess.Read(file, destination, (long)page * pageLength + offset) != destination.Length)
        {
            throw new IOException("The temporary file of the index was cut short. Start the command again.");
        }
    }

    private static SafeFileHandle Open()
    {
        var options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None;
        var path = Path.Combine(Path.GetTempPath(), $"medicineman-index-{Path.GetRandomFileName()}");
        var opened = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, options);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(opened, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.Delete(path);
        }

        return opened;
    }
}
