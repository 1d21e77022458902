namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>How long is waited for what.</summary>
internal sealed record SftpLimits
{
    /// <summary>For connecting and signing in.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For any sign of progress while requests are open. A disk that is woken up takes a while.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>An unused connection is given back after it: a firewall would forget it silently.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A refused sign-in is not tried again before, so that no server bans us and no account is locked by repetition.</summary>
    public TimeSpan Refused { get; init; } = TimeSpan.FromMinutes(5);
}
