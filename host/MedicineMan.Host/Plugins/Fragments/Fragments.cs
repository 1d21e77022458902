using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Ui;
using Microsoft.Extensions.Options;
using Scriban.Syntax;

namespace MedicineMan.Host.Plugins.Fragments;

/// Draws what plugins add to the pages. A fragment that throws, hangs or loops becomes a sentence in its place; the page always stands.
internal sealed class Fragments(PluginCatalogue catalogue, IOptions<PluginOptions> options, TimeProvider clock) : IDisposable
{
    // A drawing may take some tens of megabytes before its limits stop it, so only a few run at once.
    private readonly SemaphoreSlim places = new(4);

    /// Draws all fragments of a slot, side by side, in the order of the plugins and of their manifests.
    public async Task<IReadOnlyList<RenderedFragment>> Render(string slot, string? serverId, string culture, CancellationToken cancel) =>
        await Task.WhenAll(catalogue.Active.SelectMany(plugin => plugin.Contributions.Fragments
            .Where(fragment => fragment.Slot == slot)
            .Select(fragment => Render(plugin, fragment, serverId, culture, cancel))));

    public void Dispose() => places.Dispose();

    private async Task<RenderedFragment> Render(LoadedPlugin plugin, FragmentContribution fragment, string? serverId, string culture, CancellationToken cancel)
    {
        var drawn = new RenderedFragment { PluginId = plugin.Manifest.Id, PluginName = plugin.Manifest.Name, Id = fragment.Id };
        var limit = options.Value.FragmentTimeLimit;
        using var late = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            var html = await Task.Run(() => Draw(plugin, fragment, serverId, culture, either.Token), CancellationToken.None).WaitAsync(either.Token);
            return drawn with { Html = html };
        }
        catch (Exception exception) when (!cancel.IsCancellationRequested)
        {
            var failure = late.IsCancellationRequested ? new TimeoutException($"It took longer than {limit.TotalMilliseconds:0} ms.") : exception;
            if (failure is not UserFacingException)
            {
                plugin.Entry.Record($"fragment {fragment.Id}", failure);
            }

            return drawn with { Faulted = true, Message = $"{plugin.Manifest.Name} could not draw this: {Sentence(failure)}" };
        }
    }

    private async Task<string> Draw(LoadedPlugin plugin, FragmentContribution fragment, string? serverId, string culture, CancellationToken cancel)
    {
        await using var visit = plugin.Enter($"fragment {fragment.Id}", out var refused) ?? throw plugin.Refused(refused);
        var model = FragmentModel.Copy(await fragment.Source(new FragmentContext(serverId, culture, visit.Services), cancel));
        await places.WaitAsync(cancel);
        try
        {
            return fragment.Template.Draw(model, cancel);
        }
        finally
        {
            places.Release();
        }
    }

    private static string Sentence(Exception failure) =>
        failure is TimeoutException or ScriptRuntimeException ? failure.Message : PluginEntry.Sentence(failure);
}
