using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>
/// The rows of a row group as pages, a run of pages for each group of columns. Rows are trace-major, so that a row group is read with the number of rows of each of its traces at hand.
/// </summary>
internal static class RowGroupPages
{
    /// <summary>Reads the core columns into an empty batch; starts are stored from the start of the row's trace.</summary>
    public static void ReadCore(PageCursor pages, ReadOnlySpan<TraceId> traceIdOfRow, ReadOnlySpan<ulong> traceStartOfRow, SpanBatch rows)
    {
        var starts = MemoryMarshal.Cast<long, ulong>(pages.Numbers()).ToArray();
        var ends = MemoryMarshal.Cast<long, ulong>(pages.Numbers()).ToArray();
        for (var i = 0; i < starts.Length; i++)
        {
            starts[i] += traceStartOfRow[i];
            ends[i] += starts[i];
        }
        rows.TraceId = new(traceIdOfRow.ToArray());
        rows.StartUnixNano = new(starts);
        rows.EndUnixNano = new(ends);
        rows.Name = pages.Ints();
        rows.Kind = pages.Ints();
        rows.Status = pages.Ints();
        rows.Resource = pages.Ints();
        rows.Marks = pages.Flags();
    }

    /// <summary>Reads ids and what few searches look at.</summary>
    public static void ReadRest(PageCursor pages, SpanBatch rows)
    {
        rows.SpanId = new(MemoryMarshal.Cast<byte, ulong>(pages.Bytes()).ToArray());
        rows.ParentSpanId = ParentPages.Read(pages, rows.SpanId.Span);
        rows.StatusMessage = pages.Ints();
        rows.TraceState = pages.Ints();
        rows.Flags = pages.UInts();
        rows.Scope = pages.Ints();
        rows.DroppedAttributes = pages.UInts();
        rows.DroppedEvents = pages.UInts();
        rows.DroppedLinks = pages.UInts();
    }

    /// <summary>Reads events and links, whose times are stored from their span's start; needs the core columns.</summary>
    public static void ReadEventsAndLinks(PageCursor pages, SpanBatch rows)
    {
        rows.EventOffset = pages.Offsets();
        var times = MemoryMarshal.Cast<long, ulong>(pages.Numbers()).ToArray();
        for (var row = 0; row + 1 < rows.EventOffset.Count; row++)
        {
            for (var e = rows.EventOffset[row]; e < rows.EventOffset[row + 1]; e++) times[e] += rows.StartUnixNano[row];
        }
        var events = new EventColumns { TimeUnixNano = new(times), Name = pages.Ints(), DroppedAttributes = pages.UInts() };
        (events.Attributes, events.AttributeOffset) = AttributePages.Read(pages);
        rows.Events = events;
        rows.LinkOffset = pages.Offsets();
        var links = new LinkColumns
        {
            TraceId = new(MemoryMarshal.Cast<byte, TraceId>(pages.Bytes()).ToArray()),
            SpanId = new(MemoryMarshal.Cast<byte, ulong>(pages.Bytes()).ToArray()),
            TraceState = pages.Ints(),
            Flags = pages.UInts(),
            DroppedAttributes = pages.UInts(),
        };
        (links.Attributes, links.AttributeOffset) = AttributePages.Read(pages);
        rows.Links = links;
    }
}

/// <summary>Parent ids as distances: a parent within its trace is named by how many rows away it stands, others by their ids on a page of their own.</summary>
internal static class ParentPages
{
    private const long None = 0;
    private const long Elsewhere = 1;
    /// <summary>Reads the parents.</summary>
    public static Column<ulong> Read(PageCursor pages, ReadOnlySpan<ulong> spanIds)
    {
        var codes = pages.Numbers();
        var elsewhere = MemoryMarshal.Cast<byte, ulong>(pages.Bytes());
        var parents = new ulong[codes.Length];
        var next = 0;
        for (var i = 0; i < codes.Length; i++)
        {
            var code = codes[i];
            parents[i] = code switch
            {
                None => 0,
                Elsewhere => elsewhere[next++],
                _ => spanIds[(code & 1) == 0 ? i - (int)((code - 2) / 2) : i + (int)((code - 3) / 2)],
            };
        }
        return new Column<ulong>(parents);
    }
}
