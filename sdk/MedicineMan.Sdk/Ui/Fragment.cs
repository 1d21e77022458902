namespace MedicineMan.Sdk.Ui;

/// <summary>For whom a fragment is drawn.</summary>
/// <param name="ServerId">The server whose page it is on; null elsewhere.</param>
/// <param name="Culture">For instance <c>en</c>.</param>
/// <param name="Services">The plugin's own services, in a scope for this drawing.</param>
public sealed record FragmentContext(string? ServerId, string Culture, IServiceProvider Services)
{
    /// <summary>Whose page it is on: the server's id in <c>server.tab</c> and <c>server.summary</c>, the run's in <c>backup.detail</c>; null elsewhere.</summary>
    public string? SubjectId { get; init; }
}

/// <summary>
/// The data of a fragment: text, numbers, booleans, <see cref="DateTimeOffset"/>, lists and nested models. The host copies it and
/// refuses anything else, so no plugin type ever reaches the template engine.
/// </summary>
public sealed class UiModel : Dictionary<string, UiValue>;

/// <summary>One value of a <see cref="UiModel"/>.</summary>
public readonly struct UiValue : IEquatable<UiValue>
{
    private readonly object? value;

    private UiValue(object? value) => this.value = value;

    /// <summary>Text.</summary>
    public static implicit operator UiValue(string? text) => new(text);

    /// <summary>A whole number.</summary>
    public static implicit operator UiValue(long number) => new(number);

    /// <summary>A number.</summary>
    public static implicit operator UiValue(double number) => new(number);

    /// <summary>Yes or no.</summary>
    public static implicit operator UiValue(bool flag) => new(flag);

    /// <summary>A moment; shown in the reader's zone.</summary>
    public static implicit operator UiValue(DateTimeOffset moment) => new(moment);

    /// <summary>A nested model.</summary>
    public static implicit operator UiValue(UiModel? model) => new(model);

    /// <summary>A list.</summary>
    public static implicit operator UiValue(UiValue[] list) => new(list);

    /// <summary>A list.</summary>
    public static UiValue List(IEnumerable<UiValue> items) => new(items.ToArray());

    /// <summary>The value as the host copies it: null, string, long, double, bool, DateTimeOffset, UiModel or UiValue[].</summary>
    public object? ToObject() => value;

    /// <inheritdoc />
    public bool Equals(UiValue other) => Equals(value, other.value);

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is UiValue other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => value?.GetHashCode() ?? 0;

    /// <summary>Same value.</summary>
    public static bool operator ==(UiValue left, UiValue right) => left.Equals(right);

    /// <summary>Different value.</summary>
    public static bool operator !=(UiValue left, UiValue right) => !left.Equals(right);
}
