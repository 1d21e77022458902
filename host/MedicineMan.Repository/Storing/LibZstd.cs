using System.Runtime.InteropServices;

namespace MedicineMan.Repository.Storing;

/// <summary>The functions of the system's libzstd that are called here; all of its stable interface.</summary>
internal static unsafe partial class LibZstd
{
    private const string Library = "libzstd.so.1";

    // From here on a context keeps its tables between calls and sizes them by the input.
    private const uint OldestKnownGood = 10400;

    /// <summary>Whether this machine has one that is new enough.</summary>
    public static bool IsThere { get; } = OperatingSystem.IsLinux() && NativeLibrary.TryLoad(Library, out _) && ZSTD_versionNumber() >= OldestKnownGood;

    /// <returns>The length that a call answers, or -1 for an error.</returns>
    public static int Length(nuint result) => ZSTD_isError(result) == 0 ? (int)result : -1;

    [LibraryImport(Library)]
    public static partial ulong ZSTD_getFrameContentSize(byte* from, nuint length);

    [LibraryImport(Library)]
    public static partial uint ZSTD_versionNumber();

    [LibraryImport(Library)]
    public static partial nint ZSTD_createCCtx();

    [LibraryImport(Library)]
    public static partial nint ZSTD_createDCtx();

    [LibraryImport(Library)]
    public static partial nuint ZSTD_freeCCtx(nint context);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(Library)]
    public static partial uint ZSTD_isError(nuint result);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_decompressDCtx(nint context, byte* to, nuint capacity, byte* from, nuint length);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_CCtx_setParameter(nint context, int parameter, int value);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_CCtx_reset(nint context, int what);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_CCtx_refPrefix(nint context, byte* prefix, nuint length);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_compress2(nint context, byte* to, nuint capacity, byte* from, nuint length);

    [LibraryImport(Library)]
    public static partial nuint ZSTD_DCtx_refPrefix(nint context, byte* prefix, nuint length);
}
