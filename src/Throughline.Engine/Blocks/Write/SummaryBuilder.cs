using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
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

    private readonly Dictionary<long, long> _durations = [];
    // Minute and service in one number: most spans are counted here, and a tuple is hashed and compared part by part.
    private readonly Dictionary<long, (long Spans, long Errors)> _minutes = [];
    private readonly Dictionary<(int Parent, int Child), (long Calls, long Errors)> _edges = [];

    /// <summary>Counts a span.</summary>
    public void Span(int operation, int service, ulong startUnixNano, ulong durationNano, bool isError)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_durations, ((long)operation << 12) | (uint)DurationBuckets.Of(durationNano), out _)++;
        ref var minute = ref CollectionsMarshal.GetValueRefOrAddDefault(_minutes, ((long)(startUnixNano / NanosecondsAMinute) << ServiceBits) | (uint)service, out _);
        minute = (minute.Spans + 1, minute.Errors + (isError ? 1 : 0));
    }

    /// <summary>Counts a call from one service to another.</summary>
    public void Edge(int parentService, int childService, bool isError)
    {
        ref var edge = ref CollectionsMarshal.GetValueRefOrAddDefault(_edges, (parentService, childService), out _);
        edge = (edge.Calls + 1, edge.Errors + (isError ? 1 : 0));
    }

    /// <summary>The summaries, and makes ready for another block.</summary>
    public BlockSummaries Finish()
    {
        var durations = _durations.OrderBy(d => d.Key).ToArray();
        var minutes = _minutes.OrderBy(m => m.Key).ToArray();
        var edges = _edges.OrderBy(e => e.Key).ToArray();
        var summaries = new BlockSummaries
        {
            Durations = [.. durations.Select(d => new DurationCount((int)(d.Key >> 12), (int)(d.Key & 0xFFF), d.Value))],
            Minutes = [.. minutes.Select(m => new MinuteCount(m.Key >> ServiceBits, (int)(m.Key & ((1L << ServiceBits) - 1)), m.Value.Spans, m.Value.Errors))],
            Edges = [.. edges.Select(e => new EdgeCount(e.Key.Parent, e.Key.Child, e.Value.Calls, e.Value.Errors))],
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
