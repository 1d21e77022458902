namespace MedicineMan.Sdk;

/// <summary>Names the one type of an assembly that the host constructs: its <see cref="IPlugin"/>. No type is searched for.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class MedicineManPluginAttribute(Type pluginType) : Attribute
{
    /// <summary>A public, sealed type with a parameterless constructor that implements <see cref="IPlugin"/>.</summary>
    public Type PluginType { get; } = pluginType;
}
