using Microsoft.AspNetCore.Http.Features;

namespace MedicineMan.Host.Plugins.Routes;

/// A request's token while a plugin has it: it also ends with the time limit and with the plugin's version. Most answers are there at once and
/// never ask for it, so the sources behind it are made when somebody does.
internal sealed class LimitedLifetime(IHttpRequestLifetimeFeature host, TimeSpan limit, TimeProvider clock, CancellationToken unloading) : IHttpRequestLifetimeFeature, IDisposable
{
    private readonly Lock gate = new();
    private CancellationToken? set;
    private CancellationTokenSource? late;
    private CancellationTokenSource? either;

    public CancellationToken RequestAborted
    {
        get
        {
            lock (gate)
            {
                return set ?? (either ??= Made()).Token;
            }
        }
        set
        {
            lock (gate)
            {
                set = value;
            }
        }
    }

    public bool Late => late?.IsCancellationRequested == true;

    public void Abort() => host.Abort();

    public void Dispose()
    {
        either?.Dispose();
        late?.Dispose();
    }

    private CancellationTokenSource Made()
    {
        late = new CancellationTokenSource(limit, clock);
        return CancellationTokenSource.CreateLinkedTokenSource(host.RequestAborted, unloading, late.Token);
    }
}
