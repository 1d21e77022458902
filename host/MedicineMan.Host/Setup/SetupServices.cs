namespace MedicineMan.Host.Setup;

internal static class SetupServices
{
    public static void AddSetup(this IServiceCollection services)
    {
        services.AddSingleton<SetupToken>().AddSingleton<SetupState>().AddSingleton<SetupSteps>();
        services.AddScoped<FirstAdministrator>();
    }
}
