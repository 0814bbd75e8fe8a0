using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// Counts what aggregates over a whole block need (docs/format/block.md, "Summaries"): durations by operation, spans by minute and service, edges between services. One owner; not thread safe.
/// </summary>
internal sealed class SummaryBuilder
{
    private const ulong NanosecondsAMinute = 60_000_000_000;

    /// <summary>More strings than a block can have; the minutes of 64-bit nanoseconds fit beside them.</summary>
    private const int ServiceBits = 31;

    private const int BucketBits = 12;

    private readonly CountTable _durations = new();
    private readonly CountTable _minutes = new();
    private readonly CountTable _edges = new();

    /// <summary>Counts the spans of a row group, whose columns these are.</summary>
    /// <param name="services">By operation: its service.</param>
    /// <param name="operations">By row: its operation.</param>
    /// <param name="starts">Unix nanoseconds.</param>
    /// <param name="lengths">From the start to the end, nanoseconds; negative when a span ends before it starts.</param>
    /// <param name="marks">A <see cref="SpanMarks"/> each.</param>
    /// <param name="parents">Codes of parents, as in column 7.</param>
    public void Add(ReadOnlySpan<int> services, ReadOnlySpan<long> operations, ReadOnlySpan<ulong> starts, ReadOnlySpan<long> lengths, ReadOnlySpan<long> marks, ReadOnlySpan<long> parents)
    {
        CountDurations(operations, starts, lengths);
        for (var row = 0; row < operations.Length; row++)
        {
            var service = services[(int)operations[row]];
            var errors = (marks[row] & (long)SpanMarks.Error) != 0 ? 1u : 0;
            _minutes.Add((starts[row] / NanosecondsAMinute << ServiceBits) | (uint)service, errors);
            if (parents[row] < 2) continue;
            var caller = services[(int)operations[(int)RowGroupColumns.ParentRow(row, parents[row])]];
            if (caller != service) _edges.Add(((ulong)caller << 32) | (uint)service, errors);
        }
    }

    private void CountDurations(ReadOnlySpan<long> operations, ReadOnlySpan<ulong> starts, ReadOnlySpan<long> lengths)
    {
        // There are tens of thousands of these counts: some are fetched from memory together.
        Span<ulong> keys = stackalloc ulong[64];
        for (var first = 0; first < operations.Length; first += keys.Length)
        {
            var some = keys[..Math.Min(keys.Length, operations.Length - first)];
            for (var i = 0; i < some.Length; i++)
            {
                var (start, length) = (starts[first + i], (ulong)lengths[first + i]);
                // A length is negative as a signed number when the end lies before the start, and when it lies very far behind it: the end tells which.
                var duration = start + length > start ? length : 0;
                some[i] = ((ulong)operations[first + i] << BucketBits) | (uint)DurationBuckets.Of(duration);
                _durations.Prepare(some[i]);
            }
            foreach (var key in some) _durations.Add(key, 0);
        }
    }

    /// <summary>The summaries, and makes ready for another block.</summary>
    public BlockSummaries Finish()
    {
        var summaries = new BlockSummaries
        {
            Durations = Array.ConvertAll(_durations.InOrder(), static d => new DurationCount((int)(d.Key >> BucketBits), (int)(d.Key & ((1 << BucketBits) - 1)), d.Count)),
            Minutes = Array.ConvertAll(_minutes.InOrder(), static m => new MinuteCount((long)(m.Key >> ServiceBits), (int)(m.Key & ((1L << ServiceBits) - 1)), m.Count, m.Errors)),
            Edges = Array.ConvertAll(_edges.InOrder(), static e => new EdgeCount((int)(e.Key >> 32), (int)(uint)e.Key, e.Count, e.Errors)),
        };
        Clear();
        return summaries;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _durations.Clear();
        _minutes.Clear();
        _edges.Clear();
    }
}
