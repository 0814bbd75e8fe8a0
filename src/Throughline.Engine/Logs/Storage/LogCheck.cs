using Throughline.Engine.Files;
using Throughline.Engine.Logs.Blocks;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Storage;

/// <summary>Reads all of a row group and compares it with what is said about it.</summary>
internal static class LogCheck
{
    /// <summary>Checks a row group.</summary>
    /// <exception cref="CorruptDataException">Something is wrong with it.</exception>
    public static void Verify(LogRowGroup part, CancellationToken stop)
    {
        var levels = new long[LogSeverity.Levels];
        var (at, sequence, classes, spans) = (part.At, part.Sequence, part.Classes, part.Spans);
        byte[] buffer = [];
        for (var row = 0; row < part.Rows; row++)
        {
            if ((row & 1023) == 0) stop.ThrowIfCancellationRequested();
            var place = new LogCursor(at[row], sequence[row]);
            if (row > 0 && (place.AtUnixNano < at[row - 1] || (place.AtUnixNano == at[row - 1] && place.Sequence <= sequence[row - 1])))
                throw Wrong(part, LogColumn.At, $"rows in the order of their times at row {row}", $"{at[row - 1]} before {place.AtUnixNano}");
            if (place.AtUnixNano < part.FirstAt || place.AtUnixNano > part.LastAt) throw Wrong(part, LogColumn.At, $"times from {part.FirstAt} to {part.LastAt}", $"{place.AtUnixNano}");
            if (place.Sequence < part.FirstSequence || place.Sequence > part.LastSequence) throw Wrong(part, LogColumn.Sequence, $"numbers from {part.FirstSequence} to {part.LastSequence}", $"{place.Sequence}");
            var c = part.ClassTable[(int)classes[row]];
            levels[(int)LogSeverity.LevelOf(c.SeverityNumber)]++;
            var span = part.SpanTable[(int)spans[row]];
            if (!part.MayHave(span.TraceId)) throw Wrong(part, LogColumn.TraceFilter, $"a filter that lets {span.TraceId} pass", "one that does not");
            part.Body(row, ref buffer);
            var members = part.Tables.Shapes[c.Shape];
            for (var i = 0; i < members.Length; i++)
            {
                if (LogTables.IsBytes(ShapeTable.TypeOf(members[i]))) part.Bytes(row, i, ref buffer);
                else part.Number(row, i);
            }
        }
        if (!levels.AsSpan().SequenceEqual(part.LevelCounts)) throw Wrong(part, LogColumn.Tables, $"{string.Join(", ", part.LevelCounts)} records by level", string.Join(", ", levels));
    }

    private static CorruptDataException Wrong(LogRowGroup part, int column, string expected, string found) => new(part.Name, part.OffsetOf(column), expected, found);
}
