using System.CommandLine;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;

namespace MedicineMan.Host.Cli;

internal static class PlanCommands
{
    public static Command Create() => new Command("plan", "Plans: what is backed up from where into what.") { List(), Add(), BackupCommands.Run("run") }.ThroughTheDoor();

    private static Command List() => new Command("list", "Lists the plans.").Does((_, host, output, cancel) => output.List(
        host.All<PlanAnswer>("plans", cancel),
        "No plan yet. Add one with: medicineman plan add",
        ("NAME", plan => plan.Name), ("SERVER", plan => plan.ServerName), ("WHAT", plan => $"{plan.Kind} {(plan.Items.Count == 0 ? "all" : string.Join(", ", plan.Items))}"),
        ("REPOSITORY", plan => plan.RepositoryName), ("LAST BACKUP", plan => Output.Time(plan.LastBackupAt)), ("LAST PROVEN", plan => Output.Time(plan.LastProvenAt) ?? "never"),
        ("PROBLEM", plan => plan.SourceError), ("ID", plan => plan.Id)));

    private static Command Add()
    {
        var name = new Argument<string>("name") { Description = "Name of the new plan." };
        var server = new Option<string>("--server") { Description = "Server the data is on.", Required = true };
        var repository = new Option<string>("--repository") { Description = "Repository the backups go to: its name, or an absolute path where one is made if there is none.", Required = true };
        var kind = new Option<string>("--kind") { Description = "What is backed up.", DefaultValueFactory = _ => "postgres" };
        var host = new Option<string?>("--host") { Description = "Host or socket directory of the database, as seen from the server." };
        var port = new Option<int?>("--port") { Description = "Port of the database." };
        var user = new Option<string?>("--user") { Description = "User of the database." };
        var passwordFile = new Option<string?>("--password-file") { Description = "File that holds the database password." };
        var runAs = new Option<string?>("--run-as") { Description = "Operating system user for peer authentication, such as postgres." };
        var items = new Option<string[]>("--item") { Description = "Database to back up; may be given several times. Default: all." };
        var noProof = new Option<bool>("--no-prove") { Description = "Do not prove the backups by a restore." };
        var proofServer = new Option<string?>("--proof-server") { Description = "Server the proofs restore to. Default: the same." };
        var proofHost = new Option<string?>("--proof-host") { Description = "Host or socket directory the proofs connect to. Default: the backup's own; on another server, what its scan found." };
        var proofPort = new Option<int?>("--proof-port") { Description = "Port the proofs connect to." };
        var proofUser = new Option<string?>("--proof-user") { Description = "Database user of the proofs." };
        var proofPasswordFile = new Option<string?>("--proof-password-file") { Description = "File that holds that user's password." };
        var proofRunAs = new Option<string?>("--proof-run-as") { Description = "Operating system user the proofs run their tools as." };
        return new Command("add", "Adds a plan.")
        {
            name, server, repository, kind, host, port, user, passwordFile, runAs, items, noProof, proofServer, proofHost, proofPort, proofUser, proofPasswordFile, proofRunAs,
        }.Does(async (parsed, client, output, cancel) =>
        {
            var request = new PlanRequest
            {
                Name = parsed.GetValue(name), ServerId = (await client.Server(parsed.GetValue(server)!, cancel)).Id, RepositoryId = (await client.Repository(parsed.GetValue(repository)!, cancel)).Id,
                Kind = parsed.GetValue(kind), Host = parsed.GetValue(host), Port = parsed.GetValue(port), UserName = parsed.GetValue(user), RunAs = parsed.GetValue(runAs), Items = parsed.GetValue(items) ?? [],
                Password = await Secret(parsed.GetValue(passwordFile), cancel), Prove = !parsed.GetValue(noProof),
                ProofServerId = parsed.GetValue(proofServer) is { } proof ? (await client.Server(proof, cancel)).Id : null,
                ProofHost = parsed.GetValue(proofHost), ProofPort = parsed.GetValue(proofPort), ProofUserName = parsed.GetValue(proofUser),
                ProofPassword = await Secret(parsed.GetValue(proofPasswordFile), cancel), ProofRunAs = parsed.GetValue(proofRunAs),
            };
            var plan = await client.Post<PlanAnswer>("plans", request, cancel);
            output.Remark($"Next: medicineman backup run \"{plan.Name}\" --wait");
            return output.One(plan, ("id", plan.Id), ("name", plan.Name));
        });
    }

    private static async Task<string?> Secret(string? file, CancellationToken cancel) => file is null ? null : (await Door.Read(file, cancel)).TrimEnd('\r', '\n');
}
