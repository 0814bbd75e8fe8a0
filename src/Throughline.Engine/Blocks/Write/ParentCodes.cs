using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>Parents as distances in rows (docs/format/block.md, column 7). Reusable; not thread safe.</summary>
internal sealed class ParentCodes
{
    private const int Nearby = 64;

    private readonly Dictionary<ulong, int> _index = [];

    /// <summary>Writes the codes of one trace's rows. A parent that is not among <paramref name="spanIds"/> goes to <paramref name="elsewhere"/>.</summary>
    public void Write(ReadOnlySpan<ulong> spanIds, ReadOnlySpan<ulong> parents, Span<long> codes, ref Column<ulong> elsewhere)
    {
        if (spanIds.Length > Nearby)
        {
            _index.Clear();
            for (var i = 0; i < spanIds.Length; i++) _index.TryAdd(spanIds[i], i);
        }
        for (var i = 0; i < spanIds.Length; i++)
        {
            var parent = parents[i];
            if (parent == 0)
            {
                codes[i] = 0;
                continue;
            }
            var at = spanIds.Length > Nearby ? _index.GetValueOrDefault(parent, -1) : spanIds.IndexOf(parent);
            if (at < 0)
            {
                codes[i] = 1;
                elsewhere.Add(parent);
                continue;
            }
            // Back by n rows is 2n + 2, forward by n is 2n + 3: small numbers, whichever way.
            codes[i] = at <= i ? 2L * (i - at) + 2 : 2L * (at - i) + 3;
        }
    }
}
