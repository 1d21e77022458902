using System.Globalization;
using System.Net;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;

namespace MedicineMan.Host.Plugins.Fragments;

/// Draws one fragment: every expression's value is encoded on its way out, and loops, depth, size and time are bounded. Made anew for
/// each drawing.
internal sealed class HtmlContext : TemplateContext
{
    public HtmlContext(ScriptObject model, CancellationToken deadline)
        : base(TemplateFunctions.Allowed)
    {
        StrictVariables = true;
        LoopLimit = 5000;
        RecursiveLimit = 16;
        ObjectRecursionLimit = 8;
        LimitToString = 256 * 1024;
        OnStringLimit = ScriptLimitBehavior.Throw;
        OnOutputLimit = ScriptLimitBehavior.Throw;
        RegexTimeOut = TimeSpan.FromMilliseconds(100);
        TemplateLoader = null;
        MemberFilter = _ => false;
        EnableRelaxedMemberAccess = false;
        EnableRelaxedIndexerAccess = false;
        EnableRelaxedFunctionAccess = false;
        CancellationToken = deadline;
        PushCulture(CultureInfo.InvariantCulture);
        PushGlobal(model);

        // The model is read-only, so a template's own variables need a place.
        PushGlobal(new ScriptObject());
    }

    // Only the value of an expression comes here; the template's own text takes another way and stays as it is.
    public override TemplateContext Write(SourceSpan span, object? textAsObject)
    {
        if (textAsObject is SafeHtml safe)
        {
            Write(safe.ToString());
        }
        else if (textAsObject is not null)
        {
            Write(WebUtility.HtmlEncode(ObjectToString(textAsObject)));
        }

        return this;
    }

    public override ValueTask<TemplateContext> WriteAsync(SourceSpan span, object? textAsObject)
    {
        Write(span, textAsObject);
        return new ValueTask<TemplateContext>(this);
    }
}
