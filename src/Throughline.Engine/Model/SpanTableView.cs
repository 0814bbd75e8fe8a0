using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Model;

/// <summary>A reader's view of a <see cref="SpanTable"/>; immutable.</summary>
internal sealed class SpanTableView(SpanBatch spans, Column<int> traceOrdinal, Column<int> nextRow, Column<TraceId> traceId, Column<int> firstRow, int[] traceSlots)
{
    /// <summary>The spans.</summary>
    public SpanBatch Spans { get; } = spans;

    /// <summary>Number of the trace of each row.</summary>
    public Column<int> TraceOrdinal { get; } = traceOrdinal;

    /// <summary>Number of traces.</summary>
    public int TraceCount => traceId.Count;

    /// <summary>The id of a trace.</summary>
    public TraceId TraceId(int ordinal) => traceId[ordinal];

    /// <summary>The number of a trace, or -1.</summary>
    public int FindTrace(TraceId id)
    {
        for (var i = SpanTable.TraceHash(id) & (traceSlots.Length - 1); ; i = (i + 1) & (traceSlots.Length - 1))
        {
            var slot = Volatile.Read(ref traceSlots[i]);
            if (slot == 0) return -1;
            if (slot <= traceId.Count && traceId[slot - 1] == id) return slot - 1;
        }
    }

    /// <summary>Appends the rows of a trace to <paramref name="rows"/>, in the order of their arrival.</summary>
    public void AppendRowsOf(int ordinal, ref Column<int> rows)
    {
        for (var row = firstRow[ordinal]; row >= 0 && row < Spans.RowCount; row = Volatile.Read(ref nextRow.Items[row])) rows.Add(row);
    }
}
