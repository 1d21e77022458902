namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>The server answered a request with a status that is no success.</summary>
internal sealed class SftpStatusException(SftpStatus status, string said) : Exception($"The server answered {status}: {said}")
{
    public SftpStatus Status { get; } = status;

    public string Said { get; } = said;
}

/// <summary>The connection broke or fell silent; nobody knows how the open requests ended.</summary>
internal sealed class SftpLostException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Status codes of version 3.</summary>
internal enum SftpStatus : uint
{
    Ok = 0,
    EndOfFile = 1,
    NoSuchFile = 2,
    PermissionDenied = 3,
    Failure = 4,
    BadMessage = 5,
    NoConnection = 6,
    ConnectionLost = 7,
    Unsupported = 8,
}
