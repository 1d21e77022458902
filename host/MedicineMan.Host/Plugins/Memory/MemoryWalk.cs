using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace MedicineMan.Host.Plugins.Memory;

/// Counts the bytes of the objects that are reached from a plugin's own ones. It reads fields alone, in bounded time: of a long array it looks at
/// some thousand elements and takes them for the rest. What the host or another plugin owns is not entered, nor what the framework shares.
internal sealed class MemoryWalk(AssemblyLoadContext own, MemoryBounds bounds)
{
    private const int Header = 16;

    // So large an object speaks for itself alone: taken for its neighbours, a single one among many small ones would be counted for thousands.
    private const int SpeaksForItself = 64 * 1024;

    private readonly HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<(object Found, double Weight)> waiting = [];
    private readonly Dictionary<Type, Shape> shapes = [];
    private readonly Borders borders = new(own);
    private double bytes;

    public (long Bytes, bool IsWhole) Weigh(IEnumerable<object> roots)
    {
        foreach (var root in roots)
        {
            Find(root, 1);
        }

        var steps = 0;
        while (waiting.TryDequeue(out var next))
        {
            if (seen.Count > bounds.MostObjects || (++steps % 1024 == 0 && bounds.IsLate))
            {
                return ((long)bytes, false);
            }

            Enter(next.Found, next.Weight);
        }

        return ((long)bytes, true);
    }

    private void Find(object? found, double weight)
    {
        if (found is not null && borders.IsInside(found) && seen.Add(found))
        {
            waiting.Enqueue((found, weight));
        }
    }

    private void Enter(object found, double weight)
    {
        switch (found)
        {
            case string text:
                Count(Header + 6 + (2L * text.Length), weight);
                break;
            case Delegate invoked:
                Count(64, weight);
                foreach (var one in invoked.GetInvocationList())
                {
                    Find(one.Target, weight);
                }

                break;
            case Array array:
                var element = array.GetType().GetElementType()!;
                Count(Header + 8 + (array.LongLength * SizeOf(element)), weight);
                Enter(array, element, weight);
                break;
            default:
                var shape = ShapeOf(found.GetType());
                Count(shape.Size, weight);
                Follow(found, shape, weight);
                break;
        }
    }

    private void Enter(Array array, Type element, double weight)
    {
        if (array.Rank > 1 || array.Length == 0)
        {
            return;
        }

        if (array is object?[] references && !element.IsValueType)
        {
            var filled = references.Count(one => one is not null);
            var every = Math.Max(1, filled / bounds.Samples);
            // From another one each time, so that two looks in a row do not err the same way.
            var at = Random.Shared.Next(every);
            foreach (var one in references)
            {
                if (IsLarge(one))
                {
                    Find(one, 1);
                }
                else if (one is not null && at++ % every == 0)
                {
                    Find(one, weight * every);
                }
            }
        }
        else if (ShapeOf(element).Following.Count > 0)
        {
            var every = Math.Max(1, array.Length / bounds.Samples);
            for (var at = Random.Shared.Next(every); at < array.Length; at += every)
            {
                if (array.GetValue(at) is { } value)
                {
                    Follow(value, ShapeOf(value.GetType()), weight * every);
                }
            }
        }
    }

    private void Follow(object holder, Shape shape, double weight)
    {
        foreach (var field in shape.Following)
        {
            var value = field.GetValue(holder);
            if (field.FieldType.IsValueType && value is not null)
            {
                // By its own type: what may be missing comes out of its box without the wrapping.
                Follow(value, ShapeOf(value.GetType()), weight);
            }
            else
            {
                Find(value, weight);
            }
        }
    }

    private static bool IsLarge(object? found) => found is string { Length: > SpeaksForItself } or Array { LongLength: > SpeaksForItself };

    private void Count(long size, double weight) => bytes += size > SpeaksForItself ? size : size * weight;

    private Shape ShapeOf(Type type)
    {
        if (shapes.TryGetValue(type, out var known))
        {
            return known;
        }

        // Known at once, because a value may lead back to its own type.
        var following = new List<FieldInfo>();
        shapes[type] = new Shape(0, following);
        long size = Header;
        for (var level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
        {
            foreach (var field in level.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                size += SizeOf(field.FieldType);
                if (Leads(field.FieldType))
                {
                    following.Add(field);
                }
            }
        }

        return shapes[type] = new Shape(size, following);
    }

    private bool Leads(Type type) =>
        !type.IsPrimitive && !type.IsEnum && !type.IsPointer && !type.IsFunctionPointer && !type.IsByRefLike && (!type.IsValueType || ShapeOf(type).Following.Count > 0);

    private static long SizeOf(Type type) => type.IsValueType ? RuntimeHelpers.SizeOf(type.TypeHandle) : IntPtr.Size;

    private sealed record Shape(long Size, IReadOnlyList<FieldInfo> Following);
}

/// How far a walk goes.
/// <param name="Samples">Elements of a longer array that stand for all of it.</param>
internal sealed record MemoryBounds(int MostObjects, int Samples, TimeSpan Most, TimeProvider Clock)
{
    private readonly long started = Clock.GetTimestamp();

    public bool IsLate => Clock.GetElapsedTime(started) > Most;
}
