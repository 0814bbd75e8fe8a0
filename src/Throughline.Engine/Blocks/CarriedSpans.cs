using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks;

/// <summary>Which traces a flush leaves for the next block. What is 0 carries nothing.</summary>
/// <param name="WindowNano">A trace is active when it received spans so long before the cut.</param>
/// <param name="MaxAgeNano">A trace whose first span here was received longer ago is not carried again.</param>
/// <param name="MaxSpans">Spans that are carried; never more than a share of the head.</param>
internal readonly record struct CarryLimits(ulong WindowNano, ulong MaxAgeNano, int MaxSpans)
{
    /// <summary>Traces that are carried: their ids stand in the manifest.</summary>
    public int MaxTraces { get; init; } = 8_192;

    /// <summary>The same where all that is not quiet is to be carried.</summary>
    public const int MostTailTraces = 32_768;

    /// <summary>The share of the head that is carried at most, as its divisor.</summary>
    public int HeadShare { get; init; } = 4;
}

/// <summary>The traces of a frozen head that go over to the next one instead of into its block. Immutable.</summary>
/// <param name="Ordinals">Their numbers in the head, ascending.</param>
/// <param name="Rows">Their rows in the head, in the order of their arrival.</param>
/// <param name="Traces">Their ids, and the first log segment that has spans of them which are in no block; in the order of <paramref name="Ordinals"/>.</param>
/// <param name="FirstReceivedUnixNano">When their first spans of those were received.</param>
internal sealed record CarriedSpans(int[] Ordinals, int[] Rows, CarriedTrace[] Traces, ulong[] FirstReceivedUnixNano)
{
    /// <summary>None.</summary>
    public static CarriedSpans None { get; } = new([], [], [], []);

    /// <summary>
    /// Chooses the traces that were active last, latest first, until the limits are reached. <paramref name="received"/> answers when a row was received, <paramref name="origin"/> where a
    /// trace's spans in this head begin.
    /// </summary>
    public static CarriedSpans Choose(SpanTableView head, ulong cutUnixNano, CarryLimits limits, Func<int, ulong> received, Func<TraceId, int, (long FromSegment, ulong ReceivedUnixNano)> origin)
    {
        var most = Math.Min(limits.MaxSpans, head.Spans.RowCount / Math.Max(1, limits.HeadShare));
        if (most == 0 || limits.WindowNano == 0) return None;
        var seen = new bool[head.TraceCount];
        var chosen = new List<int>();
        var rows = new Column<int>(64);
        for (var row = head.Spans.RowCount - 1; row >= 0 && rows.Count < most && chosen.Count < limits.MaxTraces; row--)
        {
            if (IsOver(received(row), cutUnixNano, limits.WindowNano)) break;
            var trace = head.TraceOrdinal[row];
            if (seen[trace]) continue;
            seen[trace] = true;
            var before = rows.Count;
            head.AppendRowsOf(trace, ref rows);
            if (rows.Count <= most && !IsOver(origin(head.TraceId(trace), rows[before]).ReceivedUnixNano, cutUnixNano, limits.MaxAgeNano)) chosen.Add(trace);
            else rows.Truncate(before);
        }
        if (chosen.Count == 0) return None;
        chosen.Sort();
        var ordered = rows.Span.ToArray();
        Array.Sort(ordered);
        var origins = chosen.Select(t => (Id: head.TraceId(t), Origin: origin(head.TraceId(t), FirstRowOf(head, t)))).ToArray();
        return new CarriedSpans([.. chosen], ordered, [.. origins.Select(o => new CarriedTrace(o.Id, o.Origin.FromSegment))], [.. origins.Select(o => o.Origin.ReceivedUnixNano)]);
    }

    private static int FirstRowOf(SpanTableView head, int trace)
    {
        var rows = new Column<int>(16);
        head.AppendRowsOf(trace, ref rows);
        return rows[0];
    }

    /// <summary>True when a moment lies longer before another than may be; a clock that went back makes nothing old.</summary>
    internal static bool IsOver(ulong moment, ulong nowUnixNano, ulong longest) => nowUnixNano > moment && nowUnixNano - moment > longest;
}
