using System.Reflection;

namespace MedicineMan.Sdk.Tests;

/// What authors build against, held to the rules that keep it small and stable.
public sealed class ContractTests
{
    // What the host implements may grow; whatever is not named here is an author's to implement, also what is added later.
    private static readonly string[] OfTheHost =
    [
        "IPluginBuilder", "ISecrets", "IDumpWriter", "IDumpReader", "IPluginStore", "IServerFiles", "IServers", "IJobs", "IJobRun", "ICommandRunner", "ICommand", "IPluginContext", "IScratchFolder", "ITimeSeries", "IPluginSettings`1",
    ];

    private static readonly Type[] Authored = [.. typeof(IPlugin).Assembly.GetExportedTypes().Where(type => type.IsInterface && !OfTheHost.Contains(type.Name))];

    [Fact]
    public void What_an_author_implements_has_at_most_five_members() =>
        Assert.Empty(Authored.Where(type => Members(type).Length is 0 or > 5).Where(type => type.Name != "IProvider").Select(type => $"{type.Name}: {Members(type).Length}"));

    [Fact]
    public void What_an_author_implements_can_always_be_cancelled() =>
        Assert.Empty(from type in Authored
                     from method in type.GetMethods()
                     where typeof(Task).IsAssignableFrom(method.ReturnType) || method.ReturnType.Name is "ValueTask" or "ValueTask`1" or "IAsyncEnumerable`1"
                     where method.Name != "DisposeAsync"
                     where method.GetParameters() is not [.., { HasDefaultValue: false } last] || last.ParameterType != typeof(CancellationToken)
                     select $"{type.Name}.{method.Name}");

    [Fact]
    public void Nothing_that_crosses_the_border_is_an_object_or_a_whole_payload() =>
        Assert.Empty(from type in Authored
                     from method in type.GetMethods()
                     from crossing in method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType)
                     where Parts(crossing).Any(part => part == typeof(object) || part == typeof(byte[]) || part == typeof(Stream))
                     select $"{type.Name}.{method.Name}");

    [Fact]
    public void The_assembly_version_is_that_of_the_major() => Assert.Equal(new Version(1, 0, 0, 0), typeof(IPlugin).Assembly.GetName().Version);

    private static MemberInfo[] Members(Type type) => [.. type.GetMembers().Where(member => member is not MethodInfo { IsSpecialName: true })];

    private static IEnumerable<Type> Parts(Type type) => [type, .. type.GetGenericArguments().SelectMany(Parts)];
}
