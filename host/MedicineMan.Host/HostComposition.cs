using System.Data.Common;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Data;
using MedicineMan.Host.JobScreens;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.People;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Events;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Secrets;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Setup;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Serilog;
using Serilog.Events;

namespace MedicineMan.Host;

/// Puts the host together out of its rooms; the program and the tests start the same one.
internal static class HostComposition
{
    /// Ready to answer when it returns; whatever stands in the way is one sentence.
    /// <param name="adapt">What a command that runs in this process has otherwise: no port, no worker of its own accord.</param>
    public static async Task<WebApplication> Start(HostSettings settings, CancellationToken cancel, Action<WebApplicationBuilder>? adapt = null)
    {
        _ = HostConfiguration.Read().Options<PluginOptions>(PluginOptions.Section);
        ListenAddress.EnsureFree(settings.Urls);
        var directory = DataDirectory.Open(settings.Data);
        var database = await OpenDatabase(settings, directory, cancel);
        var app = Build(settings, directory, database, await LoadKeys(directory, database, cancel), adapt);
        try
        {
            await app.Services.GetRequiredService<SecretVault>().CheckKeys(cancel);
            await app.Services.GetRequiredService<SecretVault>().Bind(OrganizationId.Default, cancel);
            await app.StartAsync(cancel);
            return app;
        }
        catch (Exception failure)
        {
            await app.DisposeAsync();
            // Somebody took the port since we looked.
            if (failure is IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException })
            {
                throw ListenAddress.Taken(settings.Urls, failure);
            }

            throw;
        }
    }

    private static async Task<Database> OpenDatabase(HostSettings settings, DataDirectory directory, CancellationToken cancel)
    {
        var database = new Database(settings.Database ?? $"Data Source={directory["medicineman.db"]}");
        try
        {
            await new Migrator(database, TimeProvider.System).Migrate(cancel);
            return database;
        }
        catch (Exception refused)
        {
            await database.DisposeAsync();
            throw refused is DbException ? new UserFacingException($"The database cannot be opened: {refused.Message}", refused) : refused;
        }
    }

    private static async Task<KeyRing> LoadKeys(DataDirectory directory, Database database, CancellationToken cancel)
    {
        try
        {
            return KeyRing.Load(directory.Path, Environment.GetEnvironmentVariable(KeyRing.Variable), await SecretVault.HoldsData(database, cancel));
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    private static WebApplication Build(HostSettings settings, DataDirectory directory, Database database, KeyRing keys, Action<WebApplicationBuilder>? adapt)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = typeof(HostComposition).Assembly.GetName().Name, EnvironmentName = Environments.Production, ContentRootPath = AppContext.BaseDirectory });
        // Before the line's own address, which would be overridden by MEDICINEMAN__URLS otherwise.
        builder.Configuration.AddOurs();
        builder.WebHost.UseUrls(settings.Urls.Split(';'));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.AddServerHeader = false);
        builder.WebHost.UseStaticWebAssets();
        // Started from a build folder, the framework would otherwise replace the compressed files by uncompressed ones.
        builder.Configuration["ReloadStaticAssetsAtRuntime"] = "false";
        builder.Services.AddSerilog(Logs(directory), dispose: true);

        builder.Services.AddSingleton(settings).AddSingleton(directory).AddSingleton(TimeProvider.System).AddSingleton(database);
        builder.Services.AddSingleton(new AuditSeal(keys.Current.Derive("audit"))).AddSingleton<AuditLog>();
        builder.Services.AddSingleton(keys).AddSingleton<SecretVault>();
        builder.Services.AddPeople(directory);
        builder.Services.AddAccess();
        builder.Services.AddServers();
        builder.Services.AddScanning();
        builder.Services.AddSetup();
        builder.Services.AddShell();
        builder.Services.AddPlugins(builder.Configuration).AddSingleton<Plugins.Capabilities.LentRooms>();
        builder.Services.Configure<PluginOptions>(options => (options.StateFolder, options.SafeMode) = (directory.Folder("plugins"), options.SafeMode || settings.SafeMode));
        builder.Services.AddPluginPackages();
        builder.Services.AddBackups();
        builder.Services.AddSingleton<Dashboard.Numbers>().AddSingleton<Help.HelpPages>();
        builder.Services.AddJobs();
        builder.Services.AddSchedules().AddPluginEvents();
        builder.Services.AddApi();
        adapt?.Invoke(builder);

        var app = builder.Build();
        if (settings.Worker is not null)
        {
            app.MapWorker();
            return app;
        }

        app.UseShell();
        app.MapShell();
        app.MapApi();
        app.MapPlugins();
        return app;
    }

    private static Serilog.Core.Logger Logs(DataDirectory directory) => new LoggerConfiguration()
        .MinimumLevel.Information()
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        // The cookie keys lie beside the master key in a directory of the owner's; sealing one with the other would add nothing.
        .MinimumLevel.Override("Microsoft.AspNetCore.DataProtection", LogEventLevel.Error)
        .Enrich.FromLogContext()
        // A start that fails is said in one sentence by the command line; the host's own account of it would bury that.
        .Filter.ByExcluding(static entry => entry.MessageTemplate.Text == "Hosting failed to start")
        .WriteTo.Console(restrictedToMinimumLevel: LogEventLevel.Warning, standardErrorFromLevel: LogEventLevel.Warning, formatProvider: null)
        .WriteTo.File(Path.Combine(directory.Folder("logs"), "medicineman-.log"), rollingInterval: RollingInterval.Day, retainedFileCountLimit: 14, formatProvider: null)
        .CreateLogger();
}
