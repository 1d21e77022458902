using System.CommandLine;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Plugins;

internal static class LockCommand
{
    public static Command Create()
    {
        var to = new Option<string?>("--out") { Description = $"Where to write it, for instance {PluginLock.FileName}. Default: standard output." };
        return new Command("lock", "Writes down which plugins this host has, from where, with which hashes, keys and approvals.") { to }.Does(async (parsed, host, output, cancel) =>
        {
            var text = (await host.Get<PluginLock>("plugins/lock", cancel)).Write();
            if (parsed.GetValue(to) is not { } file)
            {
                await Console.Out.WriteAsync(text);
                return 0;
            }

            try
            {
                await File.WriteAllTextAsync(file, text, cancel);
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                throw new UserFacingException($"{file} cannot be written: {refused.Message}", refused);
            }

            output.Remark($"{file} is written. On another host: medicineman plugin install --lock {file}");
            return 0;
        });
    }
}
