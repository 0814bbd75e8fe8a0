using System.Runtime.CompilerServices;

namespace Throughline.Engine.Model.Columns;

/// <summary>
/// A growable array that one owner appends to. A copy of the struct is a snapshot: values below its <see cref="Count"/> never change
/// (growth copies to a new array), so readers may use a copy while the owner goes on appending.
/// </summary>
public struct Column<T>
{
    private const int LargeLength = 1 << 16;

    /// <summary>The values; only the first <see cref="Count"/> are meaningful.</summary>
    public T[] Items;

    /// <summary>Number of values.</summary>
    public int Count;

    /// <summary>Creates an empty column with room for <paramref name="capacity"/> values.</summary>
    public Column(int capacity)
    {
        Items = capacity == 0 ? [] : new T[capacity];
        Count = 0;
    }

    /// <summary>Takes over an array that holds <paramref name="items"/>.Length values.</summary>
    public Column(T[] items)
    {
        Items = items;
        Count = items.Length;
    }

    /// <summary>The value at <paramref name="index"/>, which must be below <see cref="Count"/>.</summary>
    public readonly T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Items[index];
    }

    /// <summary>The values.</summary>
    public readonly ReadOnlySpan<T> Span => new(Items, 0, Count);

    /// <summary>Appends one value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T value)
    {
        var items = Items;
        var count = Count;
        if ((uint)count < (uint)items.Length)
        {
            items[count] = value;
            Count = count + 1;
        }
        else
        {
            AddGrowing(value);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddGrowing(T value)
    {
        Reserve(1);
        Items[Count++] = value;
    }

    /// <summary>Makes room for <paramref name="more"/> values without changing <see cref="Count"/>.</summary>
    public void Reserve(int more)
    {
        var needed = Count + more;
        if (needed <= Items.Length) return;
        // What lies behind the count is never read, so nobody has to clear it.
        // Large ones grow by half, since what is behind the count is memory that is held for nothing.
        var larger = Items.Length < LargeLength ? Items.Length * 2 : Items.Length + Items.Length / 2;
        var grown = GC.AllocateUninitializedArray<T>(Math.Max(Math.Max(needed, 16), larger));
        Array.Copy(Items, grown, Count);
        Items = grown;
    }

    /// <summary>Appends <paramref name="count"/> values, which the caller writes to the span it is given.</summary>
    internal Span<T> Append(int count)
    {
        Reserve(count);
        Count += count;
        return Items.AsSpan(Count - count, count);
    }

    /// <summary>Appends a span of values.</summary>
    public void AddRange(ReadOnlySpan<T> values)
    {
        Reserve(values.Length);
        values.CopyTo(Items.AsSpan(Count));
        Count += values.Length;
    }

    /// <summary>Forgets the values behind the first <paramref name="count"/>; the owner only, and never below a snapshot's count.</summary>
    public void Truncate(int count) => Count = count;
}
