using System.Net;
using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins.Fragments;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;

namespace MedicineMan.Host.Plugins.Actions;

/// Makes forms of the buttons in a drawn fragment: each posts to the host with the page's token, so no script is needed. A button of an
/// action that is not declared becomes plain text, and one that the visitor may not press says so.
internal sealed class ActionForms(PluginActions actions, IAntiforgery antiforgery)
{
    public IHtmlContent Draw(RenderedFragment fragment, HttpContext http)
    {
        if (!fragment.Html.Contains(FragmentMarkup.Action, StringComparison.Ordinal))
        {
            return new HtmlString(fragment.Html);
        }

        var body = new HtmlParser().ParseDocument("<body>" + fragment.Html).Body!;
        var forms = new StringBuilder();
        foreach (var (at, button) in body.QuerySelectorAll("button").Index())
        {
            Replace(button, $"act-{fragment.PluginId}-{fragment.Id}-{at}", fragment.PluginId, http, forms);
        }

        return new HtmlString(body.InnerHtml + forms);
    }

    private void Replace(IElement button, string form, string plugin, HttpContext http, StringBuilder forms)
    {
        var visitor = http.Visitor();
        var name = button.GetAttribute(FragmentMarkup.Action) ?? "";
        var arguments = button.Attributes.Where(attribute => FragmentMarkup.IsArgument(attribute.Name)).ToDictionary(attribute => FragmentMarkup.ArgumentName(attribute.Name), attribute => attribute.Value);
        foreach (var attribute in button.Attributes.Where(attribute => attribute.Name.StartsWith("data-mm-", StringComparison.Ordinal)).ToArray())
        {
            button.RemoveAttribute(attribute.Name);
        }

        if (!button.HasAttribute("class"))
        {
            button.ClassName = "btn";
        }

        if (actions.Find(plugin, name) is not { } action)
        {
            button.Replace(button.Owner!.CreateTextNode(button.TextContent));
        }
        else if (!visitor.May(Roles.Parse(action.Permission)))
        {
            button.SetAttribute("type", "button");
            button.SetAttribute("disabled", "");
            button.SetAttribute("title", $"This needs the role {action.Permission}.");
        }
        else
        {
            button.SetAttribute("type", "submit");
            button.SetAttribute("form", form);
            var token = antiforgery.GetAndStoreTokens(http);
            forms.Append("<form hidden method=\"post\" id=\"").Append(WebUtility.HtmlEncode(form)).Append("\" action=\"/plugins/").Append(plugin).Append("/actions/").Append(action.Id).Append("\">");
            Hidden(forms, token.FormFieldName, token.RequestToken!);
            Hidden(forms, "Sealed", actions.Seal(visitor, plugin, action.Id, arguments));
            Hidden(forms, "Back", http.Request.Path + http.Request.QueryString);
            forms.Append("</form>");
        }
    }

    private static void Hidden(StringBuilder forms, string name, string value) =>
        forms.Append("<input type=\"hidden\" name=\"").Append(name).Append("\" value=\"").Append(WebUtility.HtmlEncode(value)).Append("\">");
}
