using System.Runtime.InteropServices;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;

namespace Throughline.Server.Process;

/// <summary>
/// Cuts what is more than the limits allow of the attributes of log records: what was left out is added to OTLP's dropped_attributes_count, and the record is marked. Bodies are no attributes, and stay
/// whole. Not thread safe; one per worker.
/// </summary>
internal sealed class LogLimiter
{
    private readonly AttributeCutter _cutter = new();
    private readonly Dictionary<(string Rule, int Service), long> _records = [];
    private readonly HashSet<int> _rows = [];

    /// <summary>Cuts; answers whether there was anything to cut.</summary>
    internal bool Cut(SpanLimits limits, LogBatch batch)
    {
        _records.Clear();
        if (limits.Attributes is { } most)
        {
            AttributeCutter.Cut(batch.Attributes, ref batch.AttributeOffset, most, (row, left) =>
            {
                batch.DroppedAttributes.Items[row] = AttributeCutter.Sum(batch.DroppedAttributes[row], left);
                _rows.Add(row);
            });
            Finish(batch, ProcessNames.Attributes);
        }
        if (limits.ValueBytes is { } bytes)
        {
            _cutter.Begin(batch.Strings, batch.Blobs);
            _cutter.Shorten(batch.Attributes, bytes, i => _rows.Add(SpanProcessor.OwnerOf(batch.AttributeOffset.Span, i)));
            Finish(batch, ProcessNames.ValueBytes);
        }
        return _records.Count > 0;
    }

    private void Finish(LogBatch batch, string rule)
    {
        foreach (var row in _rows)
        {
            batch.Marks.Items[row] |= (byte)SpanMarks.Cut;
            CollectionsMarshal.GetValueRefOrAddDefault(_records, (rule, batch.Resources.Service[batch.Resource[row]]), out _)++;
        }
        _rows.Clear();
    }

    /// <summary>Counts the records of which something was cut, by limit and service.</summary>
    internal void Count(ProcessCounters counters, LogBatch batch)
    {
        foreach (var ((rule, service), records) in _records) counters.CountCut(new ProcessCause(ProcessStage.Limit, rule, batch.Text(service)), records);
    }
}
