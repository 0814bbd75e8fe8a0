using System.Runtime.InteropServices;
using Throughline.Engine.Model;

namespace Throughline.Server.Process;

/// <summary>
/// Cuts what is more than the limits allow of the attributes of spans, events and links: what was left out is added to OTLP's dropped_attributes_count, and the span is marked. Not thread safe; one per worker.
/// </summary>
internal sealed class AttributeLimiter
{
    private readonly Dictionary<(string Rule, int Service), long> _spans = [];
    private readonly HashSet<int> _rows = [];
    private readonly AttributeCutter _cutter = new();

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
        AttributeCutter.Cut(batch.Attributes, ref batch.AttributeOffset, most, (row, left) =>
        {
            batch.DroppedAttributes.Items[row] = AttributeCutter.Sum(batch.DroppedAttributes[row], left);
            _rows.Add(row);
        });
        AttributeCutter.Cut(batch.Events.Attributes, ref batch.Events.AttributeOffset, most, (item, left) =>
        {
            batch.Events.DroppedAttributes.Items[item] = AttributeCutter.Sum(batch.Events.DroppedAttributes[item], left);
            _rows.Add(SpanProcessor.OwnerOf(batch.EventOffset.Span, item));
        });
        AttributeCutter.Cut(batch.Links.Attributes, ref batch.Links.AttributeOffset, most, (item, left) =>
        {
            batch.Links.DroppedAttributes.Items[item] = AttributeCutter.Sum(batch.Links.DroppedAttributes[item], left);
            _rows.Add(SpanProcessor.OwnerOf(batch.LinkOffset.Span, item));
        });
        return _rows;
    }

    private HashSet<int> CutValues(SpanBatch batch, int most)
    {
        _rows.Clear();
        _cutter.Begin(batch.Strings, batch.Blobs);
        _cutter.Shorten(batch.Attributes, most, i => _rows.Add(SpanProcessor.OwnerOf(batch.AttributeOffset.Span, i)));
        _cutter.Shorten(batch.Events.Attributes, most, i => _rows.Add(SpanProcessor.OwnerOf(batch.EventOffset.Span, SpanProcessor.OwnerOf(batch.Events.AttributeOffset.Span, i))));
        _cutter.Shorten(batch.Links.Attributes, most, i => _rows.Add(SpanProcessor.OwnerOf(batch.LinkOffset.Span, SpanProcessor.OwnerOf(batch.Links.AttributeOffset.Span, i))));
        return _rows;
    }
}
