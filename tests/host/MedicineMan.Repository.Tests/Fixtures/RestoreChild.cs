using System.Diagnostics;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Restoring;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>A restore as a process of its own, which can be killed, or be somebody without rights.</summary>
internal static class RestoreChild
{
    public const string Name = "restore";

    /// <summary>The user that stands for everybody without rights.</summary>
    public const string Nobody = "65534";

    public static async Task<int> Run(string repositoryFolder, string target)
    {
        await using var storage = await TestRepository.OpenStorage(repositoryFolder);
        using var repository = await TestRepository.Open(storage);
        await using var tree = await repository.OpenSnapshot("latest", default);
        Console.WriteLine("ready");
        var report = await tree.Restore(new RestoreOptions([], target) { Each = entry => Console.WriteLine($"{entry.Action} {entry.Path}") }, null, default);
        foreach (var problem in report.Problems)
        {
            Console.WriteLine($"Problem {problem}");
        }

        return 0;
    }

    /// <summary>Starts one; as nobody where these tests are root.</summary>
    public static Process Start(string repository, string target, bool asNobody = false)
    {
        string[] arguments = ["exec", typeof(RestoreChild).Assembly.Location, Name, repository, target];
        var start = asNobody && Posix.UserId() == 0
            ? new ProcessStartInfo("setpriv", ["--reuid", Nobody, "--regid", Nobody, "--clear-groups", Environment.ProcessPath is { } host && Path.GetFileName(host) is "dotnet" ? host : "dotnet", .. arguments])
            : new ProcessStartInfo("dotnet", arguments);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        return Process.Start(start)!;
    }
}
