using MedicineMan.Host.Plugins.Manifests;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;

namespace MedicineMan.Host.Plugins.Fragments;

/// A plugin's template: read, checked and parsed once when the plugin is loaded, then drawn from any thread.
internal sealed class FragmentTemplate
{
    public const int LargestFile = 64 * 1024;

    private readonly Template template;

    private FragmentTemplate(Template template, IReadOnlyList<TemplateButton> buttons) => (this.template, Buttons) = (template, buttons);

    public IReadOnlyList<TemplateButton> Buttons { get; }

    /// Reads the template of a fragment; null, with what is wrong, when it is refused.
    public static (FragmentTemplate? Template, IReadOnlyList<PluginProblem> Problems) Read(PluginPackage package, FragmentDeclaration declaration)
    {
        var (name, manifest) = (package.Manifest.Name, package.Manifest);
        var (template, faults) = Read(Path.Combine(package.Folder, declaration.Template));
        var problems = faults.Select(fault => new PluginProblem("MM1017", $"{declaration.Template} of {name} is refused: {fault}",
            "A fragment is data in plain markup and can't act on the page.", "Correct the template and install the plugin again."));
        var undeclared = (template?.Buttons.Select(button => button.Action).Distinct() ?? []).Where(action => manifest.Actions.All(declared => declared.Id != action)).Select(action => new PluginProblem(
            "MM1014", $"{declaration.Template} of {name} has a button for the action \"{action}\", which its manifest does not name.",
            "A person approves what the manifest names, and nothing beyond it.", "Name it once under contributes.actions in plugin.json."));
        return (template, [.. problems, .. undeclared]);
    }

    private static (FragmentTemplate? Template, IReadOnlyList<string> Problems) Read(string file) =>
        new FileInfo(file).Length > LargestFile ? (null, [$"It is larger than {LargestFile / 1024} KiB."]) : Parse(File.ReadAllText(file), Path.GetFileName(file));

    public static (FragmentTemplate? Template, IReadOnlyList<string> Problems) Parse(string text, string name)
    {
        var template = Template.Parse(text, name, new ParserOptions { ExpressionDepthLimit = 64 });
        var (problems, buttons) = template.HasErrors ? ([.. template.Messages.Select(message => message.ToString())], []) : TemplateLint.Read(text);
        return problems.Count == 0 ? (new FragmentTemplate(template, buttons), []) : (null, problems);
    }

    /// Draws the model; the result keeps to the rules for markup and can be written as it is.
    public string Draw(ScriptObject model, CancellationToken deadline) => FragmentMarkup.Clean(template.Render(new HtmlContext(model, deadline)));
}
