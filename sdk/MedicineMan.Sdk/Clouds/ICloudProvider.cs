using System.Text.Json;

namespace MedicineMan.Sdk.Clouds;

/// <summary>A cloud where servers can be rented. Contract <c>cloud</c> in the manifest.</summary>
public interface ICloudProvider : IProvider
{
    /// <summary>Opens an account from the settings an operator entered. May touch nothing: reachability is found out by the first call.</summary>
    /// <param name="settings">What the account's form produced; secrets in it are handles.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="UserFacingException">Settings are missing or wrong; the message names them all.</exception>
    ValueTask<ICloudAccount> OpenAsync(JsonElement settings, CancellationToken cancel);
}

/// <summary>An account at a cloud. Safe for concurrent use.</summary>
/// <remarks>
/// Each call has sixty seconds. Looking needs the capability <c>cloud:read</c>, ordering and changing <c>cloud:write</c>; the host asks before it calls.
/// Nothing that costs money is sent twice by itself: after a lost answer the host lists the instances and looks for the name, which it makes unique.
/// </remarks>
public interface ICloudAccount : IAsyncDisposable
{
    /// <summary>Who pays, what is left and what it costs.</summary>
    Task<CloudBalance> BalanceAsync(CancellationToken cancel);

    /// <summary>What can be rented: regions, sizes with prices, images.</summary>
    Task<CloudOptions> OptionsAsync(CancellationToken cancel);

    /// <summary>All instances of the account.</summary>
    IAsyncEnumerable<CloudInstance> ListAsync(CancellationToken cancel);

    /// <summary>Orders an instance and returns as soon as the cloud has taken the order.</summary>
    Task<CloudInstance> CreateAsync(NewInstance wanted, CancellationToken cancel);

    /// <summary>Does something to an instance and returns as soon as the cloud has taken the order.</summary>
    /// <exception cref="UserFacingException">Refused, or this cloud knows no such action.</exception>
    Task ActAsync(string instanceId, CloudAction action, CancellationToken cancel);
}

/// <summary>What can be done to an instance: one of the records nested here. Later versions may add some: refuse one you do not know.</summary>
public abstract record CloudAction
{
    private CloudAction()
    {
    }

    /// <summary>Starts it anew.</summary>
    public sealed record Restart : CloudAction;

    /// <summary>Ends it for good, with its disks.</summary>
    public sealed record Delete : CloudAction;

    /// <summary>Installs an image over everything on it.</summary>
    /// <param name="ImageId">Of <see cref="CloudOptions.Images"/>.</param>
    public sealed record Rebuild(string ImageId) : CloudAction;

    /// <summary>Gives it another size.</summary>
    /// <param name="SizeId">Of <see cref="CloudOptions.Sizes"/>.</param>
    public sealed record Resize(string SizeId) : CloudAction;
}

/// <summary>What an account has left.</summary>
/// <param name="Account">For instance the email address it is registered under.</param>
/// <param name="Balance">Left to spend, in units of <paramref name="Currency"/>; null when the cloud does not say.</param>
/// <param name="SpentPerHour">What all instances together cost an hour; null when unknown.</param>
/// <param name="Currency">ISO 4217, for instance <c>USD</c>.</param>
public sealed record CloudBalance(string Account, decimal? Balance, decimal? SpentPerHour, string Currency);

/// <summary>What can be rented.</summary>
/// <param name="Regions">Places.</param>
/// <param name="Sizes">Sizes with their prices.</param>
/// <param name="Images">Systems to install.</param>
public sealed record CloudOptions(IReadOnlyList<CloudRegion> Regions, IReadOnlyList<CloudSize> Sizes, IReadOnlyList<CloudImage> Images);

/// <summary>A place.</summary>
/// <param name="Id">The cloud's own.</param>
/// <param name="Name">What a person reads.</param>
/// <param name="SizeIds">Sizes that can be had there now; null for all.</param>
public sealed record CloudRegion(string Id, string Name, IReadOnlyList<string>? SizeIds = null);

/// <summary>A size.</summary>
/// <param name="Id">The cloud's own.</param>
/// <param name="Name">What a person reads.</param>
/// <param name="Cores">Virtual processors.</param>
/// <param name="MemoryBytes">Memory.</param>
/// <param name="DiskBytes">Disk.</param>
/// <param name="PricePerHour">In the account's currency; null when unknown.</param>
public sealed record CloudSize(string Id, string Name, int Cores, long MemoryBytes, long DiskBytes, decimal? PricePerHour);

/// <summary>A system to install.</summary>
/// <param name="Id">The cloud's own.</param>
/// <param name="Name">For instance "Debian 12".</param>
public sealed record CloudImage(string Id, string Name);

/// <summary>An order for an instance.</summary>
/// <param name="Name">Unique within the account; the host finds the instance again by it.</param>
/// <param name="RegionId">Of <see cref="CloudOptions.Regions"/>.</param>
/// <param name="SizeId">Of <see cref="CloudOptions.Sizes"/>.</param>
/// <param name="ImageId">Of <see cref="CloudOptions.Images"/>.</param>
/// <param name="SshPublicKeys">Keys that may sign in, in OpenSSH's one-line form.</param>
public sealed record NewInstance(string Name, string RegionId, string SizeId, string ImageId, IReadOnlyList<string> SshPublicKeys);

/// <summary>A rented server.</summary>
/// <param name="Id">The cloud's own.</param>
/// <param name="Name">Its name there.</param>
/// <param name="State">How it is.</param>
/// <param name="Address">Public address; null while it has none.</param>
/// <param name="RegionId">Where it is.</param>
/// <param name="SizeId">How large it is.</param>
/// <param name="ImageId">What was installed; null when unknown.</param>
/// <param name="PricePerHour">What it costs; null when unknown.</param>
/// <param name="CreatedAt">Since when; null when unknown.</param>
public sealed record CloudInstance(
    string Id, string Name, InstanceState State, string? Address, string? RegionId, string? SizeId, string? ImageId, decimal? PricePerHour, DateTimeOffset? CreatedAt);

/// <summary>How an instance is. Later versions may know more: treat an unknown one as <see cref="Pending"/>.</summary>
public enum InstanceState
{
    /// <summary>Ordered, or being changed.</summary>
    Pending,

    /// <summary>Up.</summary>
    Running,

    /// <summary>Down, but there.</summary>
    Stopped,

    /// <summary>The cloud says that it went wrong.</summary>
    Failed,
}
