using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace MedicineMan.TestPlugins.Curious;

internal static class CuriousRoutes
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/servers", async ([FromServices] IServers servers, CancellationToken cancel) =>
        {
            var names = new List<string>();
            await foreach (var server in servers.ListAsync(cancel))
            {
                names.Add($"{server.Name}[{string.Join(',', server.Tags)}]");
            }

            return string.Join(' ', names);
        });
        routes.MapGet("/run", async (string server, string file, string? argument, string? runAs, string? secret, string? variable, [FromServices] IServers servers, CancellationToken cancel) =>
        {
            var runner = await servers.RunnerAsync(server, cancel);
            var command = argument is null ? new CommandSpec(file) : new CommandSpec(file, argument);
            command = command with
            {
                RunAs = runAs,
                Files = secret is null ? [] : [new CommandFile("STOLEN", CommandFile.SecretPlaceholder) { Secret = new SecretRef(secret), Encode = value => value }],
                Environment = variable is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [variable] = "/tmp" },
            };
            var ended = await runner.RunTextAsync(secret is null ? command : command with { Arguments = [command.Files[0].Argument] }, "", 4096, cancel);
            return ended.Output.TrimEnd() + (ended.Exit.Ok ? "" : $" ({ended.Exit.Code})");
        });
        routes.MapGet("/read", async (string server, string path, [FromServices] IServers servers, CancellationToken cancel) =>
        {
            var reader = await (await servers.FilesAsync(server, cancel)).ReadAsync(path, cancel);
            long bytes = 0;
            var start = "";
            while (true)
            {
                var read = await reader.ReadAsync(cancel);
                start = bytes == 0 ? Encoding.UTF8.GetString(read.Buffer.Slice(0, Math.Min(40, read.Buffer.Length)).ToArray()) : start;
                bytes += read.Buffer.Length;
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            await reader.CompleteAsync();
            return string.Create(CultureInfo.InvariantCulture, $"{bytes}:{start}");
        });
        routes.MapGet("/write", async (string server, string path, int bytes, bool? breaks, [FromServices] IServers servers, CancellationToken cancel) =>
        {
            var content = new Pipe();
            var files = await servers.FilesAsync(server, cancel);
            var writing = files.WriteAsync(path, content.Reader, cancel);
            var sent = 0;
            while (sent < bytes && !writing.IsCompleted)
            {
                var chunk = Math.Min(50_000, bytes - sent);
                await content.Writer.WriteAsync(Enumerable.Repeat((byte)'x', chunk).ToArray(), cancel);
                sent += chunk;
            }

            await content.Writer.CompleteAsync(breaks == true ? new IOException("the source broke") : null);
            await writing;
            return "written";
        });
        routes.MapGet("/list", async (string server, string path, [FromServices] IServers servers, CancellationToken cancel) =>
            string.Join('|', (await (await servers.FilesAsync(server, cancel)).ListAsync(path, cancel)).Select(file => $"{file.Name}{(file.IsFolder ? "/" : "")}={file.Bytes}")));
        routes.MapGet("/secret", async (string id, [FromServices] ISecrets secrets, CancellationToken cancel) =>
        {
            using var lease = await secrets.OpenAsync(new SecretRef(id), "a test", cancel);
            return lease.Text();
        });
        routes.MapGet("/store", async (string key, string? value, bool? remove, [FromServices] IPluginStore store, CancellationToken cancel) =>
        {
            if (value is not null)
            {
                await store.SetAsync(key, Encoding.UTF8.GetBytes(value), cancel);
            }

            return remove == true ? $"{await store.RemoveAsync(key, cancel)}"
                : await store.GetAsync(key, cancel) is { } found ? Encoding.UTF8.GetString(found.Span) : "nothing";
        });
        routes.MapGet("/fill", async (string prefix, int count, int bytes, [FromServices] IPluginStore store, CancellationToken cancel) =>
        {
            await Task.WhenAll(Enumerable.Range(0, count).Select(at => store.SetAsync($"{prefix}{at:000}", new byte[bytes], cancel).AsTask()));
            return "filled";
        });
        routes.MapGet("/keys", async (string prefix, [FromServices] IPluginStore store, CancellationToken cancel) =>
        {
            var keys = new List<string>();
            await foreach (var key in store.KeysAsync(prefix, cancel))
            {
                keys.Add(key);
            }

            return string.Join(' ', keys);
        });
        routes.MapGet("/series", async (double value, [FromServices] ITimeSeries series, CancellationToken cancel) =>
        {
            var at = DateTimeOffset.UnixEpoch.AddDays(20_000);
            for (var minute = 0; minute < 3; minute++)
            {
                await series.AddAsync("queue.wait.seconds", "a", at.AddMinutes(minute), value + minute, cancel);
            }

            return string.Join(' ', (await series.ReadAsync("queue.wait.seconds", "a", at.AddMinutes(1), at.AddHours(1), cancel)).Select(point => point.Value.ToString(CultureInfo.InvariantCulture)));
        });
        routes.MapGet("/job", async (string job, string text, string? key, int? delay, int? priority, DateTimeOffset? deadline, [FromServices] IJobs jobs, CancellationToken cancel) =>
            await jobs.EnqueueAsync(job, new NoteArguments(text), new() { UniqueKey = key, Delay = TimeSpan.FromSeconds(delay ?? 0), Priority = priority ?? 0, Deadline = deadline }, cancel));
        routes.MapGet("/group", async (string texts, string then, string? unique, bool? always, [FromServices] IJobs jobs, CancellationToken cancel) =>
        {
            var notes = texts.Split(',').Select(text => new GroupedJob("note", new NoteArguments(text), unique is null ? null : new() { UniqueKey = unique }));
            return await jobs.EnqueueGroupAsync(new JobGroup("Write it all down", [.. notes]) { Continuation = new GroupedJob(then, new NoteArguments("all of it")), OnlyAfterSuccess = always != true }, cancel);
        });
        routes.MapGet("/http", async (string url, string? host, [FromServices] HttpClient http, CancellationToken cancel) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(url));
            request.Headers.Host = host;
            using var answer = await http.SendAsync(request, cancel);
            return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancel)}";
        });
        routes.MapGet("/scratch", async (bool keep, [FromServices] IPluginContext context, CancellationToken cancel) =>
        {
            var folder = context.Scratch();
            await using (var draft = folder.Open("draft", FileMode.CreateNew))
            {
                await draft.WriteAsync("words"u8.ToArray(), cancel);
            }

            var said = $"{folder.Path} {File.GetUnixFileMode(folder.Path)}";
            if (!keep)
            {
                folder.Dispose();
            }

            return said;
        });
        routes.MapGet("/text", (string key, [FromServices] IPluginContext context) => context.Localize(key, "Ada", "Bob"));
    }
}
