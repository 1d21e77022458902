using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Clouds;
using MedicineMan.Sdk.Secrets;

namespace Acme.Sample;

/// <summary>Opens accounts at https://api.example.com from the setting "token".</summary>
public sealed class ExampleCloud(IPluginContext host) : ICloudProvider
{
    public string DisplayName => "PLUGIN_TITLE";

    public ValueTask<ICloudAccount> OpenAsync(JsonElement settings, CancellationToken cancel) => settings.Secret("token") is { } token
        ? ValueTask.FromResult<ICloudAccount>(new ExampleAccount(host, token))
        : throw new UserFacingException("The account's token is missing. Make one in the cloud's console.") { Permanent = true };
}
