using System.Text;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Read;

/// <summary>Puts together what a block says of one trace, from its columns by trace and its rows' operations and marks.</summary>
internal static class BlockTraceFacts
{
    /// <summary>The facts of a trace of a row group, and the text of its error type.</summary>
    public static (TraceFacts Facts, string? ErrorType) Of(BlockPart part, int trace)
    {
        var (block, offsets) = (part.Block, part.TraceOffsets());
        var (first, end) = (offsets[trace], offsets[trace + 1]);
        var start = part.TraceStarts()[trace];
        var root = (int)Number(part, BlockColumn.TraceRoot, trace);
        if (root < 0 || root > end - first) throw new CorruptDataException(block.Name, 0, $"a root in one of {end - first} rows", $"row {root - 1}");
        var errorType = Number(part, BlockColumn.TraceErrorType, trace);
        var operations = part.Rows(RowColumn.Operation);
        var table = block.Operations;
        var facts = new TraceFacts
        {
            StartUnixNano = start,
            EndUnixNano = start + part.Traces(TraceColumn.Duration)[trace],
            WaitingNano = part.Traces(TraceColumn.Waiting)[trace],
            Spans = end - first,
            Errors = (int)part.Traces(TraceColumn.Errors)[trace],
            Orphans = (int)Number(part, BlockColumn.TraceOrphans, trace),
            RootService = root == 0 ? -1 : table.Service[(int)operations[first + root - 1]],
            RootName = root == 0 ? -1 : table.Name[(int)operations[first + root - 1]],
            FirstService = table.Service[(int)operations[first]],
            FirstName = table.Name[(int)operations[first]],
            ErrorType = -1,
            Services = Services(part, first, end),
        };
        return (facts, errorType == 0 ? null : Encoding.UTF8.GetString(block.Dictionary(BlockColumn.TraceErrorType)[(long)errorType]));
    }

    private static ulong Number(BlockPart part, int column, int trace) => part.Block.Pages.Numbers(part.Number, column, part.Block.Parts[part.Number].Traces)[trace];

    private static List<(int Service, int Spans, int Errors)> Services(BlockPart part, int first, int end)
    {
        var (operations, marks, table) = (part.Rows(RowColumn.Operation), part.Rows(RowColumn.Marks), part.Block.Operations);
        var counts = new Dictionary<int, (int Spans, int Errors)>();
        for (var row = first; row < end; row++)
        {
            var service = table.Service[(int)operations[row]];
            var known = counts.GetValueOrDefault(service);
            counts[service] = (known.Spans + 1, known.Errors + ((marks[row] & (ulong)SpanMarks.Error) != 0 ? 1 : 0));
        }
        var services = new List<(int, int, int)>(counts.Count);
        foreach (var (service, (spans, errors)) in counts) services.Add((service, spans, errors));
        return services;
    }
}
