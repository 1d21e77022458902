using Microsoft.AspNetCore.Mvc.Razor;

namespace MedicineMan.Host.Shell;

/// The frame around every page: layout, navigation, error pages, theme, headers, live updates.
internal static class ShellServices
{
    public static void AddShell(this IServiceCollection services)
    {
        // Pages stand in their room's folder and name their own URL on their first line, so no route follows from a path.
        services.AddRazorPages(options => options.RootDirectory = "/");
        services.Configure<RazorViewEngineOptions>(options => options.PageViewLocationFormats.Add("/Shell/{0}.cshtml"));
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "medicineman-form";
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.HeaderName = "X-Form-Token";
            options.SuppressXFrameOptionsHeader = true;
        });
        services.AddProblemDetails();
        services.AddHsts(options => options.MaxAge = TimeSpan.FromDays(365));
        services.AddSingleton<Assets>().AddSingleton<Icons>().AddSingleton<LiveSignals>();
        services.AddHttpContextAccessor();
    }

    public static void UseShell(this WebApplication app)
    {
        app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = Microsoft.AspNetCore.HttpOverrides.ForwardedHeaders.XForwardedFor | Microsoft.AspNetCore.HttpOverrides.ForwardedHeaders.XForwardedProto });
        app.Use(SecurityHeaders.Add);
        app.UseHsts();
        app.UseWhen(IsApi, static api => api.Use(InJson).UseExceptionHandler().UseStatusCodePages());
        app.UseWhen(static http => !IsApi(http), static pages => pages.UseExceptionHandler("/error/500").UseStatusCodePagesWithReExecute("/error/{0}"));
        app.Use(SameOrigin.Check);
        app.UseRouting();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();
    }

    public static void MapShell(this WebApplication app)
    {
        app.MapStaticAssets(Assets.Manifest).AllowAnonymous().ShortCircuit();
        app.MapRazorPages();
        app.MapLive();
        app.MapGet("/healthz", static () => Results.Text("ok")).AllowAnonymous();
        app.MapGet("/readyz", Readiness.Check).AllowAnonymous();
    }

    // The API has one form of answer. To a browser, which asks for a page, the framework would write no problem at all, and what an endpoint refused would count as unhandled.
    private static Task InJson(HttpContext http, RequestDelegate next)
    {
        http.Request.Headers.Remove("Accept");
        return next(http);
    }

    private static bool IsApi(HttpContext http) => http.Request.Path.StartsWithSegments("/api");
}
