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
    /// <param name="subject">The server or run whose page it is; null elsewhere.</param>
    public Task<IReadOnlyList<RenderedFragment>> Render(string slot, string? subject, string culture, CancellationToken cancel) =>
        Render(slot, (_, _) => true, subject, culture, cancel);

    /// Draws one fragment of a slot; null when there is no such one.
    public async Task<RenderedFragment?> Render(string slot, string plugin, string id, string? subject, string culture, CancellationToken cancel) =>
        (await Render(slot, (its, fragment) => its == plugin && fragment == id, subject, culture, cancel)).SingleOrDefault();

    public void Dispose() => places.Dispose();

    private async Task<IReadOnlyList<RenderedFragment>> Render(string slot, Func<string, string, bool> which, string? subject, string culture, CancellationToken cancel) =>
        await Task.WhenAll(catalogue.Active.SelectMany(plugin => plugin.Contributions.Fragments
            .Where(fragment => fragment.Slot == slot && which(plugin.Manifest.Id, fragment.Id))
            .Select(fragment => Render(plugin, fragment, subject, culture, cancel))));

    private async Task<RenderedFragment> Render(LoadedPlugin plugin, FragmentContribution fragment, string? subject, string culture, CancellationToken cancel)
    {
        var drawn = new RenderedFragment { PluginId = plugin.Manifest.Id, PluginName = plugin.Manifest.Name, Id = fragment.Id };
        var limit = options.Value.FragmentTimeLimit;
        using var late = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            var html = await Task.Run(() => Draw(plugin, fragment, subject, culture, either.Token), CancellationToken.None).WaitAsync(either.Token);
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

    private async Task<string> Draw(LoadedPlugin plugin, FragmentContribution fragment, string? subject, string culture, CancellationToken cancel)
    {
        await using var visit = plugin.Enter($"fragment {fragment.Id}", out var refused) ?? throw plugin.Refused(refused);
        var server = fragment.Slot.StartsWith("server.", StringComparison.Ordinal) ? subject : null;
        var model = FragmentModel.Copy(await fragment.Source(new FragmentContext(server, culture, visit.Services) { SubjectId = subject }, cancel));
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

    private static string Sentence(Exception failure) => failure switch
    {
        TimeoutException => failure.Message,
        ScriptRuntimeException script => $"{script.Span.FileName}, line {script.Span.Start.Line + 1}: {script.OriginalMessage.TrimEnd('.')}.",
        _ => PluginEntry.Sentence(failure),
    };
}
