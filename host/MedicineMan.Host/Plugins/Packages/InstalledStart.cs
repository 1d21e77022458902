using MedicineMan.Host.Plugins.Packages.Installed;

namespace MedicineMan.Host.Plugins.Packages;

/// What is loaded when the host starts: the bundled plugins nobody disabled, then the installed ones that are enabled and not blocked.
internal sealed class InstalledStart(InstalledPlugins installed, PluginLifecycle lifecycle, PluginInstaller installer)
{
    public async Task LoadAll(CancellationToken cancel)
    {
        var rows = await installed.List(cancel);
        await lifecycle.LoadAll(rows.Where(row => row.IsBundled && !row.Enabled).ToDictionary(row => row.Id, PluginActivation.Reason), cancel);
        await installer.Tend(cancel);
    }
}
