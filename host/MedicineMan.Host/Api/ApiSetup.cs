using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Idempotency;
using Microsoft.AspNetCore.RateLimiting;

namespace MedicineMan.Host.Api;

/// The door for programs, <c>/api/v1</c>: one file for each noun, which maps requests to the room's store and its rows to answers. What all
/// share – problems, lists, keys against doing things twice, the limit, the description – stands in Contract.
internal static class ApiSetup
{
    public const string Root = "/api/v1";

    public static void AddApi(this IServiceCollection services)
    {
        services.AddSingleton<IdempotencyStore>();
        services.AddExceptionHandler<ApiFailures>();
        services.Configure<ProblemDetailsOptions>(static options => options.CustomizeProblemDetails = ApiProblem.Complete);
        services.ConfigureHttpJsonOptions(static options => ApiJson.Configure(options.SerializerOptions));
        services.Configure<RouteHandlerOptions>(static options => options.ThrowOnBadRequest = true);
        services.Configure<RateLimiterOptions>(ApiLimit.Configure);
        services.AddOpenApi("v1", Description.Configure);
    }

    public static void MapApi(this WebApplication app)
    {
        var api = app.MapGroup(Root)
            .RequireRateLimiting(ApiLimit.Policy)
            .AddEndpointFilter(FormTokens.Filter)
            .AddEndpointFilter(Unreadable.Filter)
            .AddEndpointFilterFactory(Checked.Filter)
            .AddEndpointFilterFactory(Idempotent.Filter);
        ServersApi.Map(api.MapGroup("/servers").WithTags("Servers"));
        ConnectionsApi.Map(api.MapGroup("/servers").WithTags("Servers"));
        ScansApi.Map(api.MapGroup("/servers").WithTags("Scans"));
        RepositoriesApi.Map(api.MapGroup("/repositories").WithTags("Repositories"));
        SnapshotsApi.Map(api.MapGroup("/repositories").WithTags("Snapshots"));
        PlansApi.Map(api.MapGroup("/plans").WithTags("Plans"));
        BackupsApi.Map(api.MapGroup("/backups").WithTags("Backups"));
        RestoresApi.Map(api.MapGroup("/restores").WithTags("Restores"));
        JobsApi.Map(api.MapGroup("/jobs").WithTags("Jobs"));
        JobScreens.QueueApi.Map(api.MapGroup("/jobs").WithTags("Jobs"));
        Schedules.SchedulesApi.Map(api.MapGroup("/schedules").WithTags("Schedules"));
        PluginsApi.Map(api.MapGroup("/plugins").WithTags("Plugins"));
        Plugins.Settings.PluginSettingsApi.Map(api.MapGroup("/plugins").WithTags("Plugins"));
        RegistriesApi.Map(api.MapGroup("/plugins/registries").WithTags("Plugins"));
        TokensApi.Map(api.MapGroup("/tokens").WithTags("Tokens"));
        app.MapOpenApi(Root + "/openapi.json").RequireAuthorization(Policies.Viewer).RequireRateLimiting(ApiLimit.Policy);
    }
}
