namespace Throughline.Engine.Model;

/// <summary>Sorts long lists in runs that take a few milliseconds each, and merges them: between the steps a caller that has gone is noticed. Thread safe.</summary>
internal static class RunSort
{
    /// <summary>Items of a run.</summary>
    internal const int Run = 1 << 15;

    /// <summary>Sorts; items that compare equal may change places.</summary>
    public static void Sort<T>(Span<T> items, Comparison<T> compare, CancellationToken cancellationToken)
    {
        for (var first = 0; first < items.Length; first += Run)
        {
            cancellationToken.ThrowIfCancellationRequested();
            items[first..Math.Min(items.Length, first + Run)].Sort(compare);
        }
        if (items.Length <= Run) return;
        var spare = new T[items.Length];
        var isInSpare = false;
        for (long width = Run; width < items.Length; width *= 2)
        {
            var from = isInSpare ? spare : items;
            var to = isInSpare ? items : spare;
            for (long first = 0; first < items.Length; first += 2 * width)
            {
                var (middle, end) = ((int)Math.Min(items.Length, first + width), (int)Math.Min(items.Length, first + (2 * width)));
                Merge(from[(int)first..middle], from[middle..end], to[(int)first..end], compare, cancellationToken);
            }
            isInSpare = !isInSpare;
        }
        if (isInSpare) spare.CopyTo(items);
    }

    private static void Merge<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> to, Comparison<T> compare, CancellationToken cancellationToken)
    {
        var (inA, inB) = (0, 0);
        for (var i = 0; i < to.Length; i++)
        {
            if (i % Run == 0) cancellationToken.ThrowIfCancellationRequested();
            to[i] = inB == b.Length || (inA < a.Length && compare(a[inA], b[inB]) <= 0) ? a[inA++] : b[inB++];
        }
    }
}
