using MedicineMan.Sdk;
using MedicineMan.Sdk.Ui;
using Scriban.Runtime;

namespace MedicineMan.Host.Plugins.Fragments;

/// Copies a plugin's data into the template engine's own objects, so that nothing of the plugin stays in the engine's caches.
internal static class FragmentModel
{
    private const int MostValues = 20_000;

    private const int DeepestNesting = 8;

    public static ScriptObject Copy(UiModel model)
    {
        var left = MostValues;
        return Copy(model, DeepestNesting, ref left);
    }

    private static ScriptObject Copy(UiModel model, int depth, ref int left)
    {
        var copy = new ScriptObject();
        foreach (var (name, value) in model)
        {
            copy[name] = Copy(value, depth, ref left);
        }

        copy.IsReadOnly = true;
        return copy;
    }

    private static object? Copy(UiValue value, int depth, ref int left)
    {
        if (depth == 0 || --left < 0)
        {
            throw new UserFacingException($"The fragment's data is too large: at most {MostValues} values, nested {DeepestNesting} deep. Show fewer rows.");
        }

        switch (value.ToObject())
        {
            case UiModel model:
                return Copy(model, depth - 1, ref left);
            case UiValue[] list:
                var array = new ScriptArray();
                foreach (var item in list)
                {
                    array.Add(Copy(item, depth - 1, ref left));
                }

                array.IsReadOnly = true;
                return array;
            case DateTimeOffset moment:
                return moment.UtcDateTime;
            case var plain:
                return plain;
        }
    }
}
