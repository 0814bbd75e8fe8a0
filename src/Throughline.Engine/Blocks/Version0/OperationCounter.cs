using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>Counts spans and errors by service, name and kind.</summary>
internal static class OperationCounter
{
    /// <summary>Counts all rows.</summary>
    public static IReadOnlyList<OperationCount> Count(SpanBatch spans)
    {
        var counts = new Dictionary<(int Service, int Name, int Kind), (long Spans, long Errors)>();
        for (var row = 0; row < spans.RowCount; row++)
        {
            var key = (spans.Resources.Service[spans.Resource[row]], spans.Name[row], spans.Kind[row]);
            var count = counts.GetValueOrDefault(key);
            counts[key] = (count.Spans + 1, count.Errors + ((spans.Marks[row] & (byte)SpanMarks.Error) != 0 ? 1 : 0));
        }
        return [.. counts.Select(c => new OperationCount(c.Key.Service, c.Key.Name, c.Key.Kind, c.Value.Spans, c.Value.Errors))];
    }
}
