using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>
/// The rows of a row group as pages, one run of pages per <see cref="ColumnGroups"/> member (docs/format/block.md, "Row groups"). Rows are trace-major, so a
/// group is read with the number of rows of each of its traces at hand.
/// </summary>
internal static class RowGroupPages
{
    /// <summary>Writes the core columns. Starts are stored from the start of the row's trace in this block.</summary>
    public static void WriteCore(SpanBatch rows, ReadOnlySpan<ulong> traceStartOfRow, OldPageWriter pages)
    {
        var numbers = new long[rows.RowCount];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = (long)(rows.StartUnixNano[i] - traceStartOfRow[i]);
        pages.Numbers(numbers);
        for (var i = 0; i < numbers.Length; i++) numbers[i] = (long)(rows.EndUnixNano[i] - rows.StartUnixNano[i]);
        pages.Numbers(numbers);
        pages.Numbers(rows.Name.Span);
        pages.Numbers(rows.Kind.Span);
        pages.Numbers(rows.Status.Span);
        pages.Numbers(rows.Resource.Span);
        pages.Numbers(rows.Marks.Span);
    }

    /// <summary>Reads the core columns into an empty batch.</summary>
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

    /// <summary>Writes ids and what few searches look at.</summary>
    public static void WriteRest(SpanBatch rows, ReadOnlySpan<int> traceRows, OldPageWriter pages)
    {
        pages.Bytes(MemoryMarshal.AsBytes(rows.SpanId.Span), compress: false);
        ParentPages.Write(rows, traceRows, pages);
        pages.Numbers(rows.StatusMessage.Span);
        pages.Numbers(rows.TraceState.Span);
        pages.Numbers(rows.Flags.Span);
        pages.Numbers(rows.Scope.Span);
        pages.Numbers(rows.DroppedAttributes.Span);
        pages.Numbers(rows.DroppedEvents.Span);
        pages.Numbers(rows.DroppedLinks.Span);
    }

    /// <summary>Reads what <see cref="WriteRest"/> wrote.</summary>
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

    /// <summary>Writes events and links. Event times are stored from their span's start.</summary>
    public static void WriteEventsAndLinks(SpanBatch rows, OldPageWriter pages)
    {
        var events = rows.Events;
        pages.Lengths(rows.EventOffset.Span);
        var times = new long[events.Count];
        for (var row = 0; row < rows.RowCount; row++)
        {
            for (var e = rows.EventOffset[row]; e < rows.EventOffset[row + 1]; e++) times[e] = (long)(events.TimeUnixNano[e] - rows.StartUnixNano[row]);
        }
        pages.Numbers(times);
        pages.Numbers(events.Name.Span);
        pages.Numbers(events.DroppedAttributes.Span);
        AttributePages.Write(events.Attributes, events.AttributeOffset.Span, pages);
        var links = rows.Links;
        pages.Lengths(rows.LinkOffset.Span);
        pages.Bytes(MemoryMarshal.AsBytes(links.TraceId.Span), compress: false);
        pages.Bytes(MemoryMarshal.AsBytes(links.SpanId.Span), compress: false);
        pages.Numbers(links.TraceState.Span);
        pages.Numbers(links.Flags.Span);
        pages.Numbers(links.DroppedAttributes.Span);
        AttributePages.Write(links.Attributes, links.AttributeOffset.Span, pages);
    }

    /// <summary>Reads what <see cref="WriteEventsAndLinks"/> wrote; needs the core columns.</summary>
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
    private const int Nearby = 64;

    /// <summary>Writes the parents; <paramref name="traceRows"/> are the numbers of rows of the traces, in order.</summary>
    public static void Write(SpanBatch rows, ReadOnlySpan<int> traceRows, OldPageWriter pages)
    {
        var codes = new long[rows.RowCount];
        var elsewhere = new List<ulong>();
        var index = new Dictionary<ulong, int>();
        var first = 0;
        foreach (var count in traceRows)
        {
            var ids = rows.SpanId.Span.Slice(first, count);
            if (count > Nearby)
            {
                index.Clear();
                for (var i = 0; i < count; i++) index.TryAdd(ids[i], i);
            }
            for (var i = 0; i < count; i++)
            {
                var parent = rows.ParentSpanId[first + i];
                if (parent == 0)
                {
                    codes[first + i] = None;
                    continue;
                }
                var at = count > Nearby ? index.GetValueOrDefault(parent, -1) : ids.IndexOf(parent);
                if (at < 0) elsewhere.Add(parent);
                // Back by n rows is 2n + 2, forward by n is 2n + 3: small numbers, whichever way.
                codes[first + i] = at < 0 ? Elsewhere : at <= i ? 2L * (i - at) + 2 : 2L * (at - i) + 3;
            }
            first += count;
        }
        pages.Numbers(codes);
        pages.Bytes(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(elsewhere)), compress: false);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
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
