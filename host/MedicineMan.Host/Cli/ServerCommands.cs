using System.CommandLine;
using System.Globalization;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli;

internal static class ServerCommands
{
    private static readonly Argument<string> Name = new("server") { Description = "Name or id of the server." };

    public static Command Create() => new Command("server", "Servers: list, add, test, scan, remove.") { List(), Add(), Test(), Scan(), Remove() }.ThroughTheDoor();

    private static Command List()
    {
        var search = new Option<string?>("--search") { Description = "Part of name, address or tag." };
        var tag = new Option<string?>("--tag") { Description = "Only with this tag." };
        return new Command("list", "Lists the servers.") { search, tag }.Does((parsed, host, output, cancel) => output.List(
            host.All<ServerAnswer>($"servers?search={Uri.EscapeDataString(parsed.GetValue(search) ?? "")}&tag={Uri.EscapeDataString(parsed.GetValue(tag) ?? "")}", cancel),
            "No server yet. Add one with: medicineman server add user@host",
            ("NAME", server => server.Name), ("ADDRESS", server => server.Kind == ServerKind.Local ? "this machine" : $"{server.UserName}@{server.Address}:{server.Port}"), ("STATE", server => server.State),
            ("SYSTEM", server => server.OsName), ("SERVICES", server => server.Services), ("SEEN", server => Output.Time(server.SeenAt)), ("ID", server => server.Id)));
    }

    private static Command Add()
    {
        var target = new Argument<string>("target") { Description = "user@host, user@host:port, or local for this machine." };
        var name = new Option<string?>("--name") { Description = "Name in lists. Default: the host." };
        var passwordFile = new Option<string?>("--password-file") { Description = "File that holds the SSH password." };
        var keyFile = new Option<string?>("--key-file") { Description = "File that holds the SSH private key." };
        var passphraseFile = new Option<string?>("--passphrase-file") { Description = "File that holds the key's passphrase." };
        var tags = new Option<string[]>("--tag") { Description = "May be given several times." };
        return new Command("add", "Adds a server.") { target, name, passwordFile, keyFile, passphraseFile, tags }.Does(async (parsed, host, output, cancel) =>
        {
            var local = parsed.GetValue(target) == "local";
            var (user, address, port) = local ? ("", "", 22) : Split(parsed.GetValue(target)!);
            var request = new ServerRequest
            {
                Name = parsed.GetValue(name) ?? (local ? "This machine" : address), Kind = local ? ServerKind.Local : ServerKind.Ssh, Address = address, Port = port, UserName = user,
                Tags = parsed.GetValue(tags), Password = (await Secret(parsed.GetValue(passwordFile), cancel))?.TrimEnd('\r', '\n'), PrivateKey = await Secret(parsed.GetValue(keyFile), cancel),
                Passphrase = (await Secret(parsed.GetValue(passphraseFile), cancel))?.TrimEnd('\r', '\n'),
            };
            var added = await host.Post<ServerAnswer>("servers", request, cancel);
            output.Remark($"Next: medicineman server test \"{added.Name}\"");
            return output.One(added, ("id", added.Id), ("name", added.Name));
        });
    }

    private static Command Test()
    {
        var trust = new Option<string?>("--trust") { Description = "The host key's fingerprint, SHA256:…, as you compared it: pins it when the server shows that key." };
        var reason = new Option<string?>("--reason") { Description = "Why a pinned host key changed; kept in the audit trail." };
        return new Command("test", "Tests the connection step by step.") { Name, trust, reason }.Does(async (parsed, host, output, cancel) =>
        {
            var server = await host.Server(parsed.GetValue(Name)!, cancel);
            var steps = await Steps(host, output, server, cancel);
            if (steps.LastOrDefault(step => step.HostKeyFingerprint is not null) is { State: not TestState.Passed } shown && parsed.GetValue(trust) is { } wanted)
            {
                await host.Put<ServerAnswer>($"servers/{server.Id}/host-key", new HostKeyRequest { Fingerprint = wanted, Reason = parsed.GetValue(reason) }, cancel);
                output.Remark("The host key is pinned.");
                steps = await Steps(host, output, server, cancel);
            }

            if (output.IsJson)
            {
                Output.Json(steps);
            }

            return steps.All(step => step.State is TestState.Passed) ? 0 : 1;
        });
    }

    private static async Task<List<TestStepAnswer>> Steps(HostClient host, Output output, ServerAnswer server, CancellationToken cancel)
    {
        List<TestStepAnswer> steps = [];
        await foreach (var step in host.Events<TestStepAnswer>($"servers/{server.Id}/test", cancel))
        {
            steps.Add(step);
            if (!output.IsJson)
            {
                output.Line($"{(step.State is TestState.Passed ? "ok " : step.State is TestState.Asks ? "?  " : "bad")} {step.Name,-15} {step.Milliseconds,8:0.0} ms  {step.Detail}{(step.Remedy is null ? "" : $"\n    {step.Remedy}")}");
            }
        }

        return steps;
    }

    private static Command Scan()
    {
        var wait = new Option<bool>("--wait") { Description = "Wait for the end and show what was found." };
        return new Command("scan", "Looks at what runs on a server, read-only.") { Name, wait }.Does(async (parsed, host, output, cancel) =>
        {
            var server = await host.Server(parsed.GetValue(Name)!, cancel);
            var job = await host.Start<JobAnswer>($"servers/{server.Id}/scans", null, cancel);
            if (!parsed.GetValue(wait))
            {
                return Endings.Queued(host, output, job.Id);
            }

            job = await new JobWatch(host, output).Wait(job.Id, cancel);
            if (job.State is not JobState.Succeeded)
            {
                return Endings.Of(output, job);
            }

            var scan = await host.Get<ScanAnswer>($"servers/{server.Id}/scans/latest", cancel);
            if (output.IsJson)
            {
                return Output.Json(scan) + (scan.Complete ? 0 : 3);
            }

            await output.List(scan.Services.ToAsyncEnumerable(), "No service was found.", ("SERVICE", service => service.Title), ("VERSION", service => service.Version), ("PORT", service => service.Port?.ToString(CultureInfo.InvariantCulture)),
                ("RUNNING", service => service.Running ? "yes" : "no"), ("CONFIDENCE", service => string.Create(CultureInfo.InvariantCulture, $"{100 * service.Confidence:0} %")), ("DATABASES", service => string.Join(", ", service.Stores.Select(store => store.Name))));
            foreach (var note in scan.Notes)
            {
                output.Remark(note);
            }

            return scan.Complete && scan.Notes.Count == 0 ? 0 : 3;
        });
    }

    private static Command Remove()
    {
        var confirm = new Option<string?>("--confirm") { Description = "The server's name once more." };
        return new Command("remove", "Removes a server from the list; the machine is not touched.") { Name, confirm }.Does(async (parsed, host, output, cancel) =>
        {
            var server = await host.Server(parsed.GetValue(Name)!, cancel);
            if (parsed.GetValue(confirm) != server.Name)
            {
                throw new UserFacingException($"To remove {server.Name}, type its name: --confirm \"{server.Name}\". Nothing was changed.");
            }

            await host.Delete($"servers/{server.Id}", cancel);
            output.Remark($"{server.Name} is removed.");
            return 0;
        });
    }

    private static (string User, string Address, int Port) Split(string target)
    {
        var at = target.LastIndexOf('@');
        var colon = target.LastIndexOf(':');
        var hasPort = colon > at && colon > target.LastIndexOf(']') && target.IndexOf(':', at + 1) == colon;
        return at > 0
            ? (target[..at], target[(at + 1)..(hasPort ? colon : target.Length)].Trim('[', ']'), hasPort && int.TryParse(target[(colon + 1)..], out var port) ? port : 22)
            : throw new UserFacingException($"{target} names no user. Write user@host, or local for this machine.");
    }

    private static async Task<string?> Secret(string? file, CancellationToken cancel) => file is null ? null : await Door.Read(file, cancel);
}
