using System.CommandLine;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli;

internal static class TokenCommands
{
    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "What the token is for." };
        var days = new Option<int>("--days") { Description = "Until it expires; 0 for never.", DefaultValueFactory = _ => 90 };
        var person = new Option<string?>("--for") { Description = "On this machine: the address of the person the token acts as." };
        var create = new Command("create", "Makes an API token, printed this once.") { name, days, person }.Does(async (parsed, host, output, cancel) =>
        {
            host.OnBehalfOf = (host.InProcess, parsed.GetValue(person)) switch
            {
                (not null, { } email) => email,
                (not null, null) => throw new UserFacingException("Say whose token it is: --for <their address>. The operator of this machine has no account of its own."),
                (null, null) => null,
                _ => throw new UserFacingException("Over --url a token is made for whoever asks; leave --for out."),
            };
            var token = await host.Post<NewTokenAnswer>("tokens", new TokenRequest { Name = parsed.GetValue(name), Days = parsed.GetValue(days) }, cancel);
            output.Remark("Keep it: it is not shown again.");
            if (output.IsJson)
            {
                return Output.Json(token);
            }

            output.Line(token.Token);
            return 0;
        });
        return new Command("token", "API tokens.") { create }.ThroughTheDoor();
    }
}
