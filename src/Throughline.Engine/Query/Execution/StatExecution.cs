using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>Counts spans and errors by operation over the segments of a snapshot. One thread; not reused.</summary>
internal sealed class StatExecution(IReadOnlyList<ISpanSegment> segments, ulong? from, ulong? to, CancellationToken cancellationToken)
{
    private readonly Dictionary<(string Service, string Name, int Kind), (long Spans, long Errors)> _counts = [];

    /// <summary>What could not be read.</summary>
    public List<string> Unreadable { get; } = [];

    /// <summary>The operations with spans that start in the range, by service, name and kind.</summary>
    public IReadOnlyList<OperationStat> Operations()
    {
        foreach (var segment in segments)
        {
            try
            {
                Count(segment);
            }
            catch (UnreadableSegmentException e)
            {
                Unreadable.Add(e.Message);
            }
        }
        return [.. _counts.Select(c => new OperationStat(c.Key.Service, c.Key.Name, c.Key.Kind, c.Value.Spans, c.Value.Errors))
            .OrderBy(o => o.Service, StringComparer.Ordinal).ThenBy(o => o.Name, StringComparer.Ordinal).ThenBy(o => o.Kind)];
    }

    private void Count(ISpanSegment segment)
    {
        if (segment.Parts.All(p => p.MinStartUnixNano >= (from ?? 0) && (to is null || p.MaxStartUnixNano < to)))
        {
            Add(segment.Operations, segment.Tables);
            return;
        }
        var range = new StartRange(from ?? 0, to, true);
        var counts = new Dictionary<(int Service, int Name, int Kind), (long Spans, long Errors)>();
        for (var part = 0; part < segment.Parts.Count; part++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (range.Overlaps(segment.Parts[part])) CountRows(segment.Load(part, ColumnGroups.Core).Spans, segment.Parts[part].Rows, counts);
        }
        Add([.. counts.Select(c => new OperationCount(c.Key.Service, c.Key.Name, c.Key.Kind, c.Value.Spans, c.Value.Errors))], segment.Tables);
    }

    private void CountRows(SpanBatch spans, int rows, Dictionary<(int Service, int Name, int Kind), (long Spans, long Errors)> counts)
    {
        for (var row = 0; row < rows; row++)
        {
            var start = spans.StartUnixNano[row];
            if (start < (from ?? 0) || (to is { } end && start >= end)) continue;
            var key = (spans.Resources.Service[spans.Resource[row]], spans.Name[row], spans.Kind[row]);
            var count = counts.GetValueOrDefault(key);
            counts[key] = (count.Spans + 1, count.Errors + ((spans.Marks[row] & (byte)SpanMarks.Error) != 0 ? 1 : 0));
        }
    }

    private void Add(IReadOnlyList<OperationCount> operations, SpanBatch tables)
    {
        foreach (var o in operations)
        {
            var key = (Encoding.UTF8.GetString(tables.Strings[o.Service]), Encoding.UTF8.GetString(tables.Strings[o.Name]), o.Kind);
            var count = _counts.GetValueOrDefault(key);
            _counts[key] = (count.Spans + o.Spans, count.Errors + o.Errors);
        }
    }
}
