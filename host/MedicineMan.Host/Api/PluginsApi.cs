using System.ComponentModel.DataAnnotations;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Installed;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api;

internal static class PluginsApi
{
    public static void Map(RouteGroupBuilder plugins)
    {
        plugins.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listPlugins").WithSummary("Plugins with their state, by id");
        plugins.MapGet("/available", Available).RequireAuthorization(Policies.Viewer).WithName("listAvailablePlugins").WithSummary("What the registries offer and this host does not have, by id");
        plugins.MapGet("/lock", Lock).RequireAuthorization(Policies.Installation).WithName("getPluginLock").WithSummary("What is installed, as the file plugins.lock.json");
        plugins.MapGet("/{id}", Get).RequireAuthorization(Policies.Viewer).WithName("getPlugin").WithSummary("One plugin, with what waits to be approved");
        plugins.MapPost("", Install).RequireAuthorization(Policies.Installation).WithName("installPlugin").WithSummary("Installs a plugin from a registry; it runs at once when everything it asks for is approved");
        plugins.MapPost("/upload", Upload).RequireAuthorization(Policies.Installation).WithName("uploadPlugin").WithSummary("Installs the package that is sent as the body")
            .WithMetadata(new RequestSizeLimitAttribute(PackageForm.LargestPackage + 1024));
        plugins.MapPost("/{id}/approve", Approve).RequireAuthorization(Policies.Installation).WithName("approvePlugin").WithSummary("Approves what a version asks for, and puts it in use");
        plugins.MapPut("/{id}/approvals", Reapprove).RequireAuthorization(Policies.Installation).WithName("replacePluginApprovals").WithSummary("Makes this all that is approved for the version in use");
        plugins.MapPost("/{id}/decline", Decline).RequireAuthorization(Policies.Installation).WithName("declinePlugin").WithSummary("Turns down the version that waits; a plugin that never ran is removed");
        plugins.MapPost("/{id}/enable", Enable).RequireAuthorization(Policies.Installation).WithName("enablePlugin").WithSummary("Puts a disabled plugin in use again");
        plugins.MapPost("/{id}/disable", Disable).RequireAuthorization(Policies.Installation).WithName("disablePlugin").WithSummary("Takes a plugin out of use");
        plugins.MapPost("/{id}/upgrade", Upgrade).RequireAuthorization(Policies.Installation).WithName("upgradePlugin").WithSummary("Installs a newer version; the old one goes on until the new one runs");
        plugins.MapPost("/{id}/rollback", RollBack).RequireAuthorization(Policies.Installation).WithName("rollBackPlugin").WithSummary("Goes back to the version before");
        plugins.MapDelete("/{id}", Remove).RequireAuthorization(Policies.Installation).WithName("removePlugin").WithSummary("Removes a plugin with its files and approvals");
    }

    private static async Task<Ok<ListOf<PluginAnswer>>> List([AsParameters] Paging paging, PluginListing listing, CancellationToken cancel)
    {
        var page = Lists.By(await listing.Here(null, cancel), paging, plugin => plugin.Status.Id);
        var answers = new List<PluginAnswer>();
        foreach (var plugin in page.Items)
        {
            answers.Add(await Answer(plugin, listing, cancel));
        }

        return TypedResults.Ok(new ListOf<PluginAnswer>(answers, page.Next));
    }

    private static async Task<Ok<ListOf<OfferAnswer>>> Available([AsParameters] Paging paging, PluginListing listing, CancellationToken cancel) =>
        TypedResults.Ok(Lists.Of(Lists.By(await listing.Available(null, cancel), paging, offer => offer.Plugin.Id), OfferAnswer.Of));

    private static async Task<Ok<PluginLock>> Lock(PluginLocks locks, CancellationToken cancel) => TypedResults.Ok(await locks.Read(cancel));

    private static async Task<Ok<PluginAnswer>> Get(string id, PluginListing listing, CancellationToken cancel) => await One(id, listing, cancel);

    private static async Task<Created<PluginAnswer>> Install([FromBody] InstallRequest request, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        var wanted = new WantedPlugin(request.Plugin!, request.Version) { Sha256 = request.Sha256, Registry = request.Registry };
        var row = await installer.Install(http.Visitor().Administrator(), wanted, request.Trust, cancel);
        return TypedResults.Created($"{ApiSetup.Root}/plugins/{row.Id}", (await One(row.Id, listing, cancel)).Value);
    }

    private static async Task<Created<PluginAnswer>> Upload(
        [FromQuery] string? sha256, [FromQuery] string? trust, [FromQuery] string? file, Stream package, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        var row = await installer.Upload(http.Visitor().Administrator(), new SentPackage(package, file, sha256), trust, cancel);
        return TypedResults.Created($"{ApiSetup.Root}/plugins/{row.Id}", (await One(row.Id, listing, cancel)).Value);
    }

    private static async Task<Ok<PluginAnswer>> Approve(string id, [FromBody] ApprovalRequest request, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        await Known(id, listing, cancel);
        await installer.Approve(http.Visitor().Administrator(), id, request.Version!, request.Capabilities ?? [], request.Confirmed ?? [], cancel);
        return await One(id, listing, cancel);
    }

    private static async Task<Ok<PluginAnswer>> Reapprove(string id, [FromBody] ReapprovalRequest request, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        await Known(id, listing, cancel);
        await installer.Reapprove(http.Visitor().Administrator(), id, request.Approved!, request.Confirmed ?? [], cancel);
        return await One(id, listing, cancel);
    }

    private static async Task<NoContent> Decline(string id, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        await Known(id, listing, cancel);
        await installer.Decline(http.Visitor().Administrator(), id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<PluginAnswer>> Enable(string id, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        await Known(id, listing, cancel);
        await installer.Enable(http.Visitor().Administrator(), id, cancel);
        return await One(id, listing, cancel);
    }

    private static async Task<Ok<PluginAnswer>> Disable(string id, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        await Known(id, listing, cancel);
        await installer.Disable(http.Visitor().Administrator(), id, cancel);
        return await One(id, listing, cancel);
    }

    private static async Task<Ok<PluginAnswer>> Upgrade(string id, [FromBody] UpgradeRequest request, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        await Known(id, listing, cancel);
        await installer.Upgrade(http.Visitor().Administrator(), id, request.Version, request.Trust, cancel);
        return await One(id, listing, cancel);
    }

    private static async Task<Ok<PluginAnswer>> RollBack(string id, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        await Known(id, listing, cancel);
        await installer.RollBack(http.Visitor().Administrator(), id, cancel);
        return await One(id, listing, cancel);
    }

    private static async Task<NoContent> Remove(string id, HttpContext http, PluginInstaller installer, PluginListing listing, CancellationToken cancel)
    {
        await Known(id, listing, cancel);
        await installer.Remove(http.Visitor().Administrator(), id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<ListedPlugin> Known(string id, PluginListing listing, CancellationToken cancel) => await listing.Find(id, cancel) ?? throw ApiProblem.NotFound("plugin", id);

    private static async Task<Ok<PluginAnswer>> One(string id, PluginListing listing, CancellationToken cancel) =>
        TypedResults.Ok(await Answer(await Known(id, listing, cancel), listing, cancel));

    private static async Task<PluginAnswer> Answer(ListedPlugin plugin, PluginListing listing, CancellationToken cancel) =>
        PluginAnswer.Of(plugin, plugin.Installed?.PendingVersion is null ? null : await listing.Pending(plugin.Status.Id, cancel));
}

internal sealed record InstallRequest
{
    [Required(ErrorMessage = "Name the plugin, for instance acme.hello.")]
    public string? Plugin { get; init; }

    /// The newest that fits this host when left out.
    public string? Version { get; init; }

    /// Fingerprint of a publisher's key that you compared and trust: <c>SHA256:…</c>.
    public string? Trust { get; init; }

    /// Refuses a package that has another one.
    public string? Sha256 { get; init; }

    /// Id of the registry to take it from; any when left out.
    public string? Registry { get; init; }
}

internal sealed record UpgradeRequest
{
    /// The newest that fits this host when left out.
    public string? Version { get; init; }

    /// Fingerprint of a publisher's new key that you compared and trust.
    public string? Trust { get; init; }
}

internal sealed record ApprovalRequest
{
    [Required(ErrorMessage = "Name the version whose capabilities you approve.")]
    public string? Version { get; init; }

    /// Names; all that are not optional must be among them.
    public IReadOnlyList<string>? Capabilities { get; init; }

    /// The names of the dangerous ones once more.
    public IReadOnlyList<string>? Confirmed { get; init; }
}

internal sealed record ReapprovalRequest
{
    /// All that is approved from now on, each as its name or as name and what it is for: <c>exec df</c>. What is left out is withdrawn.
    [Required(ErrorMessage = "Name what is approved; an empty list withdraws all that is optional.")]
    public IReadOnlyList<string>? Approved { get; init; }

    /// The names of the dangerous ones that were not approved so far, once more.
    public IReadOnlyList<string>? Confirmed { get; init; }
}

/// <param name="State"><c>started</c> is the one in use.</param>
/// <param name="Reason">Why it is not running; empty when it is.</param>
/// <param name="Source"><c>bundled</c>, <c>upload</c>, <c>folder</c>, or the id of a registry.</param>
/// <param name="Upgrade">A newer version that fits this host.</param>
/// <param name="Key">Fingerprint of the key the version in use was signed with.</param>
/// <param name="Memory">Null until it was weighed, some time after it was loaded.</param>
internal sealed record PluginAnswer(
    string Id, string Name, string Version, string Summary, string Publisher, PluginState State, string Code, string Reason, IReadOnlyList<string> Contributions, int Faults,
    string Source, bool Enabled, string? PreviousVersion, string? Upgrade, string? Key, PendingAnswer? Pending, IReadOnlyList<string> Warnings, MemoryAnswer? Memory, IReadOnlyList<CapabilityAnswer> Capabilities)
{
    public static PluginAnswer Of(ListedPlugin plugin, PendingPlugin? pending)
    {
        var status = plugin.Status;
        return new(
            status.Id, status.Name, status.Version, status.Summary, status.Publisher, status.State, status.Code, status.Reason, status.Contributions, status.Faults,
            plugin.Source, plugin.IsOn, plugin.Installed?.PreviousVersion, plugin.Upgrade, plugin.Signer, pending is null ? null : PendingAnswer.Of(pending),
            [.. plugin.Warnings.Select(advisory => $"{advisory.Id} ({advisory.Severity}): {advisory.Text}")],
            status.Memory is { } memory ? new MemoryAnswer(memory.Bytes, memory.IsWhole, memory.At) : null,
            [.. plugin.Capabilities.Select(capability => CapabilityAnswer.Of(capability, (plugin.Installed is null or { ActiveVersion: not null }) && !plugin.Withheld.Contains(capability.Name)))]);
    }
}

/// What the host found a plugin to keep.
/// <param name="Bytes">An estimate of its objects, and its code.</param>
/// <param name="Whole">False when there was more than could be counted: at least so many.</param>
internal sealed record MemoryAnswer(long Bytes, bool Whole, DateTimeOffset At);

/// A version that is installed and not in use.
/// <param name="Failure">Why it did not start; null when it waits for an approval.</param>
/// <param name="Asked">What is to be approved.</param>
internal sealed record PendingAnswer(string Version, string? Failure, IReadOnlyList<CapabilityAnswer> Asked)
{
    public static PendingAnswer Of(PendingPlugin pending) => new(pending.Manifest.Version, pending.Plugin.Failure, [.. pending.Asked.Select(capability => CapabilityAnswer.Of(capability, approved: false))]);
}

/// <param name="Reason">The author's.</param>
/// <param name="Dangerous">Its name must be sent once more to confirm it.</param>
/// <param name="Approved">An administrator approved it.</param>
internal sealed record CapabilityAnswer(string Name, string Reason, IReadOnlyList<string> Scope, bool Optional, bool Dangerous, bool Approved)
{
    public static CapabilityAnswer Of(Capability capability, bool approved) => new(capability.Name, capability.Reason, capability.Scope, capability.Optional, CapabilityText.IsDangerous(capability), approved);
}

internal sealed record OfferAnswer(string Id, string Name, string Version, string Summary, string Publisher, string Registry, IReadOnlyList<string> Capabilities, string Changelog)
{
    public static OfferAnswer Of(Offer offer) =>
        new(offer.Plugin.Id, offer.Plugin.Name, offer.Version.Version, offer.Plugin.Summary, offer.Plugin.Publisher, offer.From.Registry.Name, offer.Version.Capabilities, offer.Version.Changelog);
}
