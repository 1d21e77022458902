using System.Globalization;
using MedicineMan.Host.Plugins.Manifests;

namespace MedicineMan.Host.Plugins.Packages.Registries;

/// Fetches registries and packages, and not a byte more than they may have.
internal sealed class RegistryDownload(IHttpClientFactory clients)
{
    public const string Client = "plugin-registry";

    private const long LargestRegistry = 4L << 20;

    /// <exception cref="PluginRefusedException">It cannot be read, or is too large.</exception>
    public async Task<byte[]> Registry(Uri place, CancellationToken cancel)
    {
        using var memory = new MemoryStream();
        await Copy(place, memory, LargestRegistry, cancel);
        return memory.ToArray();
    }

    public async Task Package(Uri place, string file, long size, CancellationToken cancel)
    {
        await using var to = new FileStream(file, FileMode.CreateNew);
        await Copy(place, to, size, cancel);
    }

    private async Task Copy(Uri place, Stream to, long limit, CancellationToken cancel)
    {
        try
        {
            if (place.IsFile)
            {
                await using var file = File.OpenRead(place.LocalPath);
                await Copy(file, to, limit, place, cancel);
                return;
            }

            using var client = clients.CreateClient(Client);
            using var answer = await client.GetAsync(place, HttpCompletionOption.ResponseHeadersRead, cancel);
            answer.EnsureSuccessStatusCode();
            await using var body = await answer.Content.ReadAsStreamAsync(cancel);
            await Copy(body, to, limit, place, cancel);
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or UnauthorizedAccessException || (failed is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw Refused(place, failed.Message);
        }
    }

    private static async Task Copy(Stream from, Stream to, long limit, Uri place, CancellationToken cancel)
    {
        var (buffer, copied) = (new byte[81920], 0L);
        for (int read; (read = await from.ReadAsync(buffer, cancel)) > 0;)
        {
            copied += read;
            if (copied > limit)
            {
                throw Refused(place, string.Create(CultureInfo.InvariantCulture, $"it has more than {limit} bytes."));
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancel);
        }
    }

    private static PluginRefusedException Refused(Uri place, string why) => new(new PluginProblem(
        "MM1050", $"{(place.IsFile ? place.LocalPath : place)} can't be fetched: {why}", "What was known before goes on being used.", "Check the address and try again."));
}
