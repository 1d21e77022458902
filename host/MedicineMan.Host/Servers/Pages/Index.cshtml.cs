using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Host.Shell;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Servers.Pages;

/// The list of servers. It reads its few words from the address by itself, without model binding, because it is the page that is asked for most.
internal sealed class IndexModel(ServerStore store) : PageModel
{
    private const int Size = 50;

    public static Crumb[] Crumbs { get; } = [new("Servers")];

    public string? Q => Word("q");

    public string? Tag => Word("tag");

    public string? State => Word("state");

    public string? After => Word("after");

    public Page<ServerRow> Servers { get; private set; } = new([], null);

    public async Task OnGet() =>
        Servers = await store.Page(HttpContext.Visitor().Organization, Q, Tag, State, After, Size, HttpContext.RequestAborted);

    /// The same search, from another row on.
    public string Link(string? after)
    {
        var query = new QueryBuilder();
        foreach (var (name, value) in new[] { ("q", Q), ("tag", Tag), ("state", State), ("after", after) })
        {
            if (value is not null)
            {
                query.Add(name, value);
            }
        }

        return "/servers" + query;
    }

    private string? Word(string name) => Request.Query.TryGetValue(name, out var values) && values.ToString() is { Length: > 0 } word ? word : null;
}
