using System.Runtime.InteropServices;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Server.Process;

/// <summary>
/// Cuts what is more than the limits allow of the attributes of spans, events and links: what was left out is added to OTLP's dropped_attributes_count, and the span is marked. Not thread safe; one per worker.
/// </summary>
internal sealed class AttributeLimiter
{
    private readonly Dictionary<(string Rule, int Service), long> _spans = [];
    private readonly HashSet<int> _rows = [];
    private readonly Dictionary<(AttributeType Type, long Value), (AttributeType Type, long Value)> _shortened = [];

    /// <summary>Cuts; answers whether there was anything to cut.</summary>
    internal bool Cut(SpanLimits limits, SpanBatch batch)
    {
        _spans.Clear();
        var any = false;
        if (limits.Attributes is { } most) any |= Finish(batch, ProcessNames.Attributes, CutCounts(batch, most));
        if (limits.ValueBytes is { } bytes) any |= Finish(batch, ProcessNames.ValueBytes, CutValues(batch, bytes));
        return any;
    }

    /// <summary>Counts the spans of which something was cut, by limit and service.</summary>
    internal void Count(ProcessCounters counters, SpanBatch batch)
    {
        foreach (var ((rule, service), spans) in _spans) counters.CountCut(new ProcessCause(ProcessStage.Limit, rule, batch.Text(service)), spans);
    }

    private bool Finish(SpanBatch batch, string rule, HashSet<int> rows)
    {
        foreach (var row in rows)
        {
            batch.Marks.Items[row] |= (byte)SpanMarks.Cut;
            CollectionsMarshal.GetValueRefOrAddDefault(_spans, (rule, batch.Resources.Service[batch.Resource[row]]), out _)++;
        }
        return rows.Count > 0;
    }

    private HashSet<int> CutCounts(SpanBatch batch, int most)
    {
        _rows.Clear();
        Cut(batch.Attributes, ref batch.AttributeOffset, most, (row, left) =>
        {
            batch.DroppedAttributes.Items[row] = Sum(batch.DroppedAttributes[row], left);
            _rows.Add(row);
        });
        Cut(batch.Events.Attributes, ref batch.Events.AttributeOffset, most, (item, left) =>
        {
            batch.Events.DroppedAttributes.Items[item] = Sum(batch.Events.DroppedAttributes[item], left);
            _rows.Add(SpanProcessor.OwnerOf(batch.EventOffset.Span, item));
        });
        Cut(batch.Links.Attributes, ref batch.Links.AttributeOffset, most, (item, left) =>
        {
            batch.Links.DroppedAttributes.Items[item] = Sum(batch.Links.DroppedAttributes[item], left);
            _rows.Add(SpanProcessor.OwnerOf(batch.LinkOffset.Span, item));
        });
        return _rows;
    }

    private static uint Sum(uint dropped, int more) => (uint)Math.Min(uint.MaxValue, dropped + (ulong)more);

    private static void Cut(AttributeColumns attributes, ref Column<int> offsets, int most, Action<int, int> cut)
    {
        var (kept, begin) = (0, 0);
        for (var owner = 0; owner + 1 < offsets.Count; owner++)
        {
            var (from, to) = (begin, offsets[owner + 1]);
            begin = to;
            var count = Math.Min(most, to - from);
            if (kept != from)
            {
                attributes.Key.Span.Slice(from, count).CopyTo(attributes.Key.Items.AsSpan(kept));
                attributes.Type.Span.Slice(from, count).CopyTo(attributes.Type.Items.AsSpan(kept));
                attributes.Value.Span.Slice(from, count).CopyTo(attributes.Value.Items.AsSpan(kept));
            }
            kept += count;
            offsets.Items[owner + 1] = kept;
            if (count < to - from) cut(owner, to - from - count);
        }
        attributes.Truncate(kept);
    }

    private HashSet<int> CutValues(SpanBatch batch, int most)
    {
        _rows.Clear();
        _shortened.Clear();
        Shorten(batch, batch.Attributes, most, i => SpanProcessor.OwnerOf(batch.AttributeOffset.Span, i));
        Shorten(batch, batch.Events.Attributes, most, i => SpanProcessor.OwnerOf(batch.EventOffset.Span, SpanProcessor.OwnerOf(batch.Events.AttributeOffset.Span, i)));
        Shorten(batch, batch.Links.Attributes, most, i => SpanProcessor.OwnerOf(batch.LinkOffset.Span, SpanProcessor.OwnerOf(batch.Links.AttributeOffset.Span, i)));
        return _rows;
    }

    private void Shorten(SpanBatch batch, AttributeColumns attributes, int most, Func<int, int> rowOf)
    {
        for (var i = 0; i < attributes.Count; i++)
        {
            var (type, value) = ((AttributeType)attributes.Type[i], attributes.Value[i]);
            var length = type switch
            {
                AttributeType.String => batch.Strings[(int)value].Length,
                AttributeType.Array or AttributeType.KvList or AttributeType.Bytes => batch.Blobs[(int)value].Length,
                _ => 0,
            };
            if (length <= most) continue;
            if (!_shortened.TryGetValue((type, value), out var shorter)) _shortened.Add((type, value), shorter = Shortened(batch, type, value, most, length));
            (attributes.Type.Items[i], attributes.Value.Items[i]) = ((byte)shorter.Type, shorter.Value);
            _rows.Add(rowOf(i));
        }
    }

    private static (AttributeType Type, long Value) Shortened(SpanBatch batch, AttributeType type, long value, int most, int length)
    {
        if (type == AttributeType.Bytes) return (type, batch.Blobs.GetOrAdd(batch.Blobs[(int)value][..most].ToArray()));
        // A half of a list or map would be read as the whole: what it was is said in its place.
        if (type != AttributeType.String) return (AttributeType.String, batch.Strings.GetOrAdd(Encoding.UTF8.GetBytes($"[cut: {(type == AttributeType.Array ? "a list" : "a map")} of {length} bytes]")));
        var text = batch.Strings[(int)value];
        var end = most;
        // Not within a character.
        while (end > 0 && (text[end] & 0xC0) == 0x80) end--;
        return (type, batch.Strings.GetOrAdd(text[..end].ToArray()));
    }
}
