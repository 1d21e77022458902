using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Sources;

/// <summary>A file that says of its folder that the rest of it is not wanted.</summary>
internal sealed class MarkerFile
{
    private readonly byte[] header;
    private readonly Action<string> remark;

    /// <param name="text"><c>name</c> or <c>name:header</c>.</param>
    /// <param name="remark">Told why a marker does not count.</param>
    public MarkerFile(string text, Action<string> remark)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        Name = colon < 0 ? text : text[..colon];
        header = colon < 0 ? [] : FileName.Encode(text[(colon + 1)..]);
        this.remark = remark;
        if (Name.Length == 0)
        {
            throw new UserFacingException($"\"{text}\" names no file by which a folder is left out. Write its name, or name:header.") { Permanent = true };
        }
    }

    public string Name { get; }

    public bool Marks(string folder)
    {
        var path = $"{folder}/{Name}";
        try
        {
            Posix.Facts(path);
            return header.Length == 0 || HasHeader(path);
        }
        catch (PosixException failure) when (failure.Error is PosixException.NotFound or PosixException.NotAFolder)
        {
            return false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            remark($"{failure.Message}, so its folder is not left out.");
            return false;
        }
    }

    // Whoever only pretends to be a marker must not keep a folder from being backed up.
    private bool HasHeader(string path)
    {
        using var handle = Posix.OpenToRead(path);
        var start = new byte[header.Length];
        var length = Posix.LengthOfFile(handle, path) is not null ? RandomAccess.Read(handle, start, 0) : 0;
        if (start.AsSpan(0, length).SequenceEqual(header))
        {
            return true;
        }

        remark($"{path} does not start as it should, so its folder is not left out.");
        return false;
    }
}
