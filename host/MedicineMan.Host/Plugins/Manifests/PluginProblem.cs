using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Manifests;

/// One reason why a plugin is refused: what happened to what, why that matters, and what to do.
internal sealed record PluginProblem(string Code, string What, string Why, string Fix)
{
    public override string ToString() => $"{Code} {What} {Why} {Fix}";
}

/// A plugin that is not loaded, with every reason at once.
internal sealed class PluginRefusedException(IReadOnlyList<PluginProblem> problems, Exception? inner = null)
    : UserFacingException(string.Join('\n', problems), inner)
{
    public PluginRefusedException(PluginProblem problem, Exception? inner = null)
        : this([problem], inner)
    {
    }

    public IReadOnlyList<PluginProblem> Problems { get; } = problems;
}
