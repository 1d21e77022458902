using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using MedicineMan.Host.Access;
using MedicineMan.Host.Shell;

namespace MedicineMan.Host.Servers;

/// Runs a connection test and writes each step as a list item the moment it is known. An unknown host key comes with the form that confirms it.
internal sealed class LiveTest(ServerStore servers, RecordedTest test, Icons icons)
{
    public async Task Write(HttpContext http, string id, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        var server = await servers.Get(visitor.Organization, id, cancel);
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        var token = http.Request.Form["__RequestVerificationToken"].ToString();
        await foreach (var step in test.Run(visitor, server, cancel))
        {
            await http.Response.WriteAsync(Item(server, step, token), cancel);
            await http.Response.Body.FlushAsync(cancel);
        }
    }

    private string Item(Server server, TestStep step, string token)
    {
        var html = HtmlEncoder.Default;
        var (tone, icon, word) = step.State switch
        {
            TestState.Passed => ("good", "circle-check", "passed"),
            TestState.Asks => ("warn", "help", "asks"),
            _ => ("bad", "circle-x", "failed"),
        };
        var item = new StringBuilder($"<li><span class=\"state {tone}\">{icons[icon]} {html.Encode(step.Name)} {word}</span> ")
            .Append(CultureInfo.InvariantCulture, $"<span class=\"text-secondary\">{step.Milliseconds:0.#} ms</span><p>{html.Encode(step.Detail)}</p>");
        if (step.Remedy is not null)
        {
            item.Append(CultureInfo.InvariantCulture, $"<p>{icons["arrow-right"]} {html.Encode(step.Remedy)}</p>");
        }

        if (step is { State: TestState.Asks, HostKey: { } key })
        {
            item.Append(CultureInfo.InvariantCulture, $"""
                <form method="post" action="/servers/{html.Encode(server.Id)}?handler=Pin" data-back>
                <input type="hidden" name="__RequestVerificationToken" value="{html.Encode(token)}"><input type="hidden" name="fingerprint" value="{html.Encode(key.Fingerprint)}">
                <button class="btn btn-primary">{icons["fingerprint"]} The fingerprint is right: confirm it</button></form>
                """);
        }

        return item.Append("</li>\n").ToString();
    }
}
