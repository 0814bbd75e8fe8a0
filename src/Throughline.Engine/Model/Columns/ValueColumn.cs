using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Model.Columns;

/// <summary>
/// Values of one type that some owners (spans or events) of a part have, in the owners' order; an owner may have several. Read when asked for. Strings, bytes, arrays and maps are ids
/// in <see cref="Dictionary"/>; the others are what <see cref="AttributeColumns"/> says. One query's own; not thread safe.
/// </summary>
internal abstract class ValueColumn
{
    /// <summary>The type of all values.</summary>
    public abstract AttributeType Type { get; }

    /// <summary>What the values of a string, bytes, array or map column number; null for other types.</summary>
    public abstract EntryDictionary? Dictionary { get; }

    /// <summary>Bounds, both inclusive, of the ids or of the signed numbers, when they are known without reading.</summary>
    public abstract bool TryGetBounds(out long smallest, out long largest);

    /// <summary>The values.</summary>
    public abstract NumberVector Values { get; }

    /// <summary>By value: its owner. They ascend.</summary>
    public abstract int[] Owners { get; }

    /// <summary>Adds to <paramref name="owners"/> all that have a value.</summary>
    public abstract void MarkAll(Span<ulong> owners);

    /// <summary>Adds to <paramref name="owners"/> those that have one of the values in <paramref name="values"/>, a set of places in <see cref="Values"/>.</summary>
    public abstract void Mark(ReadOnlySpan<ulong> values, Span<ulong> owners);
}
