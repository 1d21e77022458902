using MedicineMan.Sdk;

namespace MedicineMan.Samples.Hello;

/// What the route, the job and the card share. It lives in the plugin's own container, once for each load.
internal sealed class Greetings(PluginInfo info, TimeProvider clock)
{
    private string last = "world";

    public string Last => last;

    public DateTimeOffset Now => clock.GetUtcNow();

    public string For(string name) => $"Hello, {name}, from {info.Name} {info.Version}.";

    public string Greet(string name)
    {
        last = name;
        return For(name);
    }
}
