using System.Diagnostics;
using MedicineMan.Testbed;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MedicineMan.Benchmarks.Web;

/// <summary>The peer: Kestrel alone, in a process of its own, answering every request with the same bytes from memory. What it does is the ceiling.</summary>
internal static class BarePage
{
    public const string Verb = "bare-page";

    public static async Task<int> Run(string[] arguments)
    {
        var page = await File.ReadAllBytesAsync(arguments[0]);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(arguments[1]);
        await using var app = builder.Build();
        app.Run(http =>
        {
            http.Response.ContentType = "text/html; charset=utf-8";
            http.Response.ContentLength = page.Length;
            return http.Response.Body.WriteAsync(page, http.RequestAborted).AsTask();
        });
        await app.RunAsync();
        return 0;
    }

    public static async Task<(Process Process, Uri Url)> Start(string file)
    {
        var url = new Uri($"http://127.0.0.1:{Programs.FreePort()}");
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(BarePage).Assembly.Location, Verb, file, url.ToString().TrimEnd('/')]))!;
        await HostProgram.Ready(process, url, Stopwatch.StartNew());
        return (process, url);
    }
}
