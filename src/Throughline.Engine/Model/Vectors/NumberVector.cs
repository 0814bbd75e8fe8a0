using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Throughline.Engine.Model.Vectors;

/// <summary>
/// Numbers of one column in the narrowest unsigned width that holds them: value i is <see cref="Base"/> plus item i, wrapping around. Signed columns keep their smallest value as the
/// base, so that the order of the items is the order of the values. Immutable.
/// </summary>
internal sealed class NumberVector
{
    private readonly Array _items;

    private NumberVector(ulong @base, int width, Array items, int count) => (Base, Width, _items, Count) = (@base, width, items, count);

    /// <summary>What is added to every item.</summary>
    public ulong Base { get; }

    /// <summary>Bytes of an item: 0 (all values are the base), 1, 2, 4 or 8.</summary>
    public int Width { get; }

    /// <summary>Number of values.</summary>
    public int Count { get; }

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => 64 + ((long)_items.Length * Width);

    /// <summary>The same value everywhere.</summary>
    public static NumberVector Constant(ulong value, int count) => new(value, 0, Array.Empty<byte>(), count);

    /// <summary>The first <paramref name="count"/> of an array, which nobody changes.</summary>
    public static NumberVector Of(byte[] items, int count, ulong @base = 0) => new(@base, 1, items, count);

    /// <inheritdoc cref="Of(byte[], int, ulong)"/>
    public static NumberVector Of(ushort[] items, int count, ulong @base = 0) => new(@base, 2, items, count);

    /// <inheritdoc cref="Of(byte[], int, ulong)"/>
    public static NumberVector Of(uint[] items, int count, ulong @base = 0) => new(@base, 4, items, count);

    /// <inheritdoc cref="Of(byte[], int, ulong)"/>
    public static NumberVector Of(ulong[] items, int count, ulong @base = 0) => new(@base, 8, items, count);

    /// <summary>The first <paramref name="count"/> of an array of numbers that are not negative, and that nobody changes.</summary>
    public static NumberVector Of(int[] items, int count) => new(0, 4, items, count);

    /// <summary>Copies values into the narrowest width that holds their distances from the smallest, as unsigned numbers.</summary>
    public static NumberVector Narrowed(ReadOnlySpan<ulong> values)
    {
        if (values.IsEmpty) return Constant(0, 0);
        var (min, max) = (ulong.MaxValue, 0ul);
        foreach (var value in values)
        {
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }
        return Narrowed(values, min, max - min);
    }

    /// <summary>Copies values into the narrowest width that holds the distances from <paramref name="base"/>, of which the largest is <paramref name="reach"/>.</summary>
    public static NumberVector Narrowed(ReadOnlySpan<ulong> values, ulong @base, ulong reach)
    {
        var count = values.Length;
        if (reach == 0) return Constant(@base, count);
        if (reach <= byte.MaxValue)
        {
            var items = new byte[count];
            for (var i = 0; i < count; i++) items[i] = (byte)(values[i] - @base);
            return Of(items, count, @base);
        }
        if (reach <= ushort.MaxValue)
        {
            var items = new ushort[count];
            for (var i = 0; i < count; i++) items[i] = (ushort)(values[i] - @base);
            return Of(items, count, @base);
        }
        if (reach <= uint.MaxValue)
        {
            var items = new uint[count];
            for (var i = 0; i < count; i++) items[i] = (uint)(values[i] - @base);
            return Of(items, count, @base);
        }
        // Wide ones keep the base too: a signed column's order is that of its items only when the smallest is 0.
        var wide = new ulong[count];
        for (var i = 0; i < count; i++) wide[i] = values[i] - @base;
        return Of(wide, count, @base);
    }

    /// <summary>The value at <paramref name="index"/>.</summary>
    public ulong this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Width switch
        {
            0 => Base,
            1 => Base + Bytes[index],
            2 => Base + Words[index],
            4 => Base + Ints[index],
            _ => Base + Longs[index],
        };
    }

    /// <summary>The items when <see cref="Width"/> is 1.</summary>
    public ReadOnlySpan<byte> Bytes => Items<byte>();

    /// <summary>The items when <see cref="Width"/> is 2.</summary>
    public ReadOnlySpan<ushort> Words => Items<ushort>();

    /// <summary>The items when <see cref="Width"/> is 4.</summary>
    public ReadOnlySpan<uint> Ints => Items<uint>();

    /// <summary>The items when <see cref="Width"/> is 8.</summary>
    public ReadOnlySpan<ulong> Longs => Items<ulong>();

    /// <summary>Copies the values [first, first + length of the target) out.</summary>
    public void CopyTo(int first, Span<ulong> target)
    {
        var @base = Base;
        switch (Width)
        {
            case 0:
                target.Fill(@base);
                break;
            case 1:
                var bytes = Bytes.Slice(first, target.Length);
                for (var i = 0; i < target.Length; i++) target[i] = @base + bytes[i];
                break;
            case 2:
                var words = Words.Slice(first, target.Length);
                for (var i = 0; i < target.Length; i++) target[i] = @base + words[i];
                break;
            case 4:
                var ints = Ints.Slice(first, target.Length);
                for (var i = 0; i < target.Length; i++) target[i] = @base + ints[i];
                break;
            default:
                var longs = Longs.Slice(first, target.Length);
                for (var i = 0; i < target.Length; i++) target[i] = @base + longs[i];
                break;
        }
    }

    /// <summary>All values.</summary>
    public ulong[] ToArray()
    {
        var values = new ulong[Count];
        CopyTo(0, values);
        return values;
    }

    // An int[] may stand for a uint[]: the runtime treats their memory alike.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<T> Items<T>() => MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(_items)), Count);
}
