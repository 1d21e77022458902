using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Host.Plugins.Capabilities.Net;
using MedicineMan.Host.Plugins.Capabilities.Stores;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Host.Plugins.Loading;

/// What the host lends one version of a plugin. The token is the version's own: a registration on one that outlives it would pin its code.
internal sealed class PluginContext(
    Grant grant, TimeProvider clock, ILogger logger, IServers servers, LentSecrets secrets, LentStore store, IJobs jobs, ITimeSeries series, LentHttp http, ScratchFolders scratch, Texts texts)
    : IPluginContext, IDisposable
{
    public Grant Grant => grant;

    public TimeProvider Clock => clock;

    /// What the host itself asks: whether a secret is the plugin's.
    public LentSecrets Lent => secrets;

    public PluginInfo Info { get; } = grant.Manifest.Info;

    public ILogger Logger { get; } = logger;

    public CancellationToken Unloading { get; } = grant.Unloading;

    public IServers Servers => servers;

    public ISecrets Secrets => secrets;

    public IPluginStore Store => store;

    public IJobs Jobs => jobs;

    public ITimeSeries Series => series;

    public HttpClient Http => http;

    public IScratchFolder Scratch() => scratch.Make();

    public string Localize(string key, params ReadOnlySpan<string> values) => texts.Of(key, values);

    /// Makes each service injectable in the plugin's own container. As finished objects: disposing the container disposes none of them.
    public void AddTo(IServiceCollection services) => services
        .AddSingleton<IPluginContext>(this).AddSingleton(Info).AddSingleton(Servers).AddSingleton(Secrets).AddSingleton(Store).AddSingleton(Jobs).AddSingleton(Series)
        .AddSingleton<HttpClient>(http);

    /// From here on every service refuses; connections are closed and folders removed.
    public void Dispose()
    {
        grant.End();
        store.Dispose();
        http.Dispose();
        scratch.Dispose();
    }
}
