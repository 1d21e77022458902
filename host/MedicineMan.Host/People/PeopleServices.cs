using MedicineMan.Host.Setup;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;

namespace MedicineMan.Host.People;

internal static class PeopleServices
{
    public static void AddPeople(this IServiceCollection services, DataDirectory directory)
    {
        services.AddMemoryCache();
        services.AddDataProtection().SetApplicationName("medicineman").PersistKeysToFileSystem(new DirectoryInfo(directory.Folder("cookie-keys")));
        services.AddIdentityCore<Person>(options =>
        {
            // Length is what helps; rules about kinds of characters only make passwords harder to remember.
            options.Password = new PasswordOptions { RequiredLength = 12, RequiredUniqueChars = 4, RequireDigit = false, RequireLowercase = false, RequireNonAlphanumeric = false, RequireUppercase = false };
            options.Lockout = new LockoutOptions { AllowedForNewUsers = true, MaxFailedAccessAttempts = 5, DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5) };
            options.User.RequireUniqueEmail = true;
            options.User.AllowedUserNameCharacters = "";
        });
        services.AddScoped<IUserStore<Person>, IdentityStore>();
        services.AddSingleton<PersonStore>().AddSingleton<SessionStore>();
        services.AddScoped<SignIn>();
    }
}
