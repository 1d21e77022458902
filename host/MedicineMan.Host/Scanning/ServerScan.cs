using System.Buffers;
using System.Text;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Host.Scanning;

/// Looks at a server: one connection, one command, one script on its standard input, nothing left behind. What comes back is hostile until
/// proven text; a partial result is a result.
internal sealed class ServerScan(ServerRunners runners, ServerStore servers, ScanStore scans, Func<IReadOnlyList<IScanner>> scanners, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(10);

    /// <summary>Scans one server. Idempotent: a second run replaces what the first found.</summary>
    /// <returns>The scan's id.</returns>
    public async Task<string> Scan(OrganizationId organization, string serverId, Actor actor, IProgress<JobProgress> progress, CancellationToken cancel)
    {
        var server = await servers.Get(organization, serverId, cancel);
        try
        {
            var runner = await runners.For(organization, serverId, actor, $"scan of {server.Name}", cancel);
            var found = await Look(runner, scanners(), progress, cancel);
            var id = await scans.Save(organization, server, found, actor, cancel);
            await servers.RecordContact(organization, serverId, ServerState.Online, null, cancel);
            return id;
        }
        catch (UserFacingException failed) when (failed is not Servers.Ssh.ChangedHostKeyException)
        {
            await servers.RecordContact(organization, serverId, ServerState.Failed, failed.Message, CancellationToken.None);
            throw;
        }
    }

    /// Runs the script and lets each scanner read, without storing anything.
    public async Task<ScanFindings> Look(ICommandRunner runner, IReadOnlyList<IScanner> all, IProgress<JobProgress> progress, CancellationToken cancel)
    {
        var started = time.GetUtcNow();
        var from = time.GetTimestamp();
        List<string> notes = [];
        progress.Report(new JobProgress("look", 0, null, "sections"));
        var script = new ScanScript([.. all.SelectMany(scanner => SectionsOf(scanner, notes)).DistinctBy(section => section.Name)]);
        var output = script.Read(await Print(runner, script.Text, notes, cancel));
        if (!output.Complete)
        {
            notes.Add("The output ended early; what is missing keeps its earlier values.");
        }

        List<ScanReport> reports = [];
        foreach (var scanner in all)
        {
            progress.Report(new JobProgress("read", reports.Count, all.Count, "scanners", scanner.DisplayName));
            if (await Read(scanner, output, notes, cancel) is { } report)
            {
                reports.Add(report);
            }
        }

        return new ScanFindings(started, time.GetElapsedTime(from), output.Complete, notes, reports);
    }

    private static IReadOnlyList<ScanSection> SectionsOf(IScanner scanner, List<string> notes)
    {
        try
        {
            return scanner.Sections;
        }
        catch (Exception faulty) when (faulty is not OutOfMemoryException)
        {
            notes.Add($"A scanner failed: {PlainText.From(faulty.Message)}");
            return [];
        }
    }

    // A scanner is a plugin's code on a server's text: whatever it throws is noted, and the others go on.
    private async Task<ScanReport?> Read(IScanner scanner, ScanOutput output, List<string> notes, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(ReadLimit);
        try
        {
            return await scanner.ReadAsync(output, limit.Token).AsTask().WaitAsync(ReadLimit, time, cancel);
        }
        catch (Exception faulty) when (!cancel.IsCancellationRequested)
        {
            notes.Add($"The scanner {scanner.DisplayName} failed: {PlainText.From(faulty.Message)}");
            return null;
        }
    }

    private static async Task<byte[]> Print(ICommandRunner runner, string script, List<string> notes, CancellationToken cancel)
    {
        var printed = new ArrayBufferWriter<byte>();
        await using var command = await runner.StartAsync(new CommandSpec("sh") { TimeLimit = Limit }, cancel);
        var feeding = Feed(command, script, cancel);
        try
        {
            while (true)
            {
                var read = await command.StandardOutput.ReadAsync(cancel);
                foreach (var segment in read.Buffer)
                {
                    printed.Write(segment.Span[..Math.Min(segment.Length, ScanScript.MaxBytes - printed.WrittenCount)]);
                }

                command.StandardOutput.AdvanceTo(read.Buffer.End);
                if (printed.WrittenCount >= ScanScript.MaxBytes)
                {
                    notes.Add("The server printed more than 4 MiB; the rest was not read.");
                    break;
                }

                if (read.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (CommandException cut) when (printed.WrittenCount > 0)
        {
            notes.Add(cut.Message);
        }

        // Ended first: where the reading stopped at the limit, the script may still wait to be taken.
        await command.DisposeAsync();
        await feeding;
        return printed.WrittenSpan.ToArray();
    }

    private static async Task Feed(ICommand command, string script, CancellationToken cancel)
    {
        try
        {
            await command.StandardInput.WriteAsync(Encoding.UTF8.GetBytes(script), cancel);
            await command.StandardInput.CompleteAsync();
        }
        catch (Exception broken) when (broken is IOException or CommandException or ObjectDisposedException or InvalidOperationException)
        {
            // The output tells how far it came.
        }
    }
}

/// What a look at a server brought, before it is stored.
/// <param name="Notes">What went wrong on the way, for people.</param>
internal sealed record ScanFindings(DateTimeOffset StartedAt, TimeSpan Elapsed, bool Complete, IReadOnlyList<string> Notes, IReadOnlyList<ScanReport> Reports);
