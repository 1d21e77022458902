using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Host.Shell;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Servers.Pages;

internal sealed class IndexModel(ServerStore store) : PageModel
{
    private const int Size = 50;

    public static Crumb[] Crumbs { get; } = [new("Servers")];

    [BindProperty(SupportsGet = true)]
    public string? Q { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Tag { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? State { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    public Page<ServerRow> Servers { get; private set; } = new([], null);

    public async Task OnGet(CancellationToken cancel) =>
        Servers = await store.Page(HttpContext.Visitor().Organization, Q, Tag, State, After, Size, cancel);

    /// The same search, from another row on.
    public string Link(string? after)
    {
        var query = new QueryBuilder();
        foreach (var (name, value) in new[] { ("q", Q), ("tag", Tag), ("state", State), ("after", after) })
        {
            if (!string.IsNullOrEmpty(value))
            {
                query.Add(name, value);
            }
        }

        return "/servers" + query;
    }
}
