using Throughline.Engine.Files;
using Throughline.Engine.Logs.Blocks;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Storage;

/// <summary>
/// Writes one block of several: row groups that are large already are copied as they are, smaller ones are read, and their rows written together. It holds one row group and one chunk at a time.
/// One owner; not thread safe.
/// </summary>
internal sealed class LogMerger(LogBlockWriter writer, CancellationToken stop)
{
    /// <summary>Row groups of at least so many rows, or so much memory, gain nothing from being written again.</summary>
    private const int LargeRows = LogHead.ChunkRows / 2;

    private const long LargeBytes = LogHead.ChunkBytes / 2;

    private readonly RowCopier _copier = new();
    private LogChunk _pending = new();

    /// <summary>Adds a block.</summary>
    /// <exception cref="CorruptDataException">It cannot be read.</exception>
    public void Add(LogBlock block)
    {
        for (var i = 0; i < block.RowGroups.Length; i++)
        {
            stop.ThrowIfCancellationRequested();
            var facts = block.RowGroups[i];
            if (facts.Rows >= LargeRows || facts.UsedBytes >= LargeBytes) writer.Copy(block, i);
            else AddRows(block.Parts[i]);
        }
    }

    private void AddRows(LogPart part)
    {
        _copier.Begin(part, _pending);
        for (var row = 0; row < part.Rows; row++)
        {
            if ((row & 1023) == 0)
            {
                stop.ThrowIfCancellationRequested();
                if (_pending.UsedBytes >= LogHead.ChunkBytes) Flush(part);
            }
            if (_pending.RowCount >= LogHead.ChunkRows) Flush(part);
            _copier.Append(row);
        }
    }

    private void Flush(LogPart part)
    {
        writer.Append(_pending);
        _pending = new LogChunk();
        _copier.Begin(part, _pending);
    }

    /// <summary>Writes what is left.</summary>
    public void Finish() => writer.Append(_pending);

    /// <summary>Copies rows of parts into chunks. What the rows of a part share is looked up once a part.</summary>
    private sealed class RowCopier
    {
        private readonly TableCopier _tables = new();
        private LogPart? _part;
        private LogChunk? _chunk;
        private int[] _classes = [];
        private int[] _spans = [];
        private byte[] _buffer = [];

        public void Begin(LogPart part, LogChunk chunk)
        {
            (_part, _chunk) = (part, chunk);
            var tables = part.Tables;
            _tables.Begin(tables.Strings, tables.Blobs, tables.Resources, tables.Scopes, chunk.Tables);
            _classes = new int[part.ClassTable.Length];
            _spans = new int[part.SpanTable.Length];
            Array.Fill(_classes, -1);
            Array.Fill(_spans, -1);
        }

        public void Append(int row)
        {
            var (part, chunk) = (_part!, _chunk!);
            var c = (int)part.Classes[row];
            if (_classes[c] < 0) _classes[c] = Class(part.ClassTable[c]);
            var s = (int)part.Spans[row];
            if (_spans[s] < 0) _spans[s] = chunk.Spans.GetOrAdd(part.SpanTable[s]);
            var members = part.Tables.Shapes[part.ClassTable[c].Shape];
            for (var i = 0; i < members.Length; i++)
            {
                var type = ShapeTable.TypeOf(members[i]);
                chunk.Values.Add(type == Model.AttributeType.String ? chunk.Tables.Strings.GetOrAdd(part.Bytes(row, i, ref _buffer))
                    : LogTables.IsBytes(type) ? chunk.Tables.Blobs.GetOrAdd(part.Bytes(row, i, ref _buffer)) : part.Number(row, i));
            }
            var body = chunk.Tables.Strings.GetOrAdd(part.Body(row, ref _buffer));
            chunk.EndRow(part.At[row], part.Observed(row), part.Sequence[row], _classes[c], _spans[s], body);
        }

        private int Class(in LogClass c)
        {
            var members = _part!.Tables.Shapes[c.Shape].ToArray();
            for (var i = 0; i < members.Length; i++) members[i] = ShapeTable.MemberOf(_tables.Text(ShapeTable.KeyOf(members[i])), ShapeTable.TypeOf(members[i]));
            return _chunk!.Tables.Classes.GetOrAdd(c with
            {
                Resource = _tables.Resource(c.Resource),
                Scope = _tables.Scope(c.Scope),
                SeverityText = _tables.Text(c.SeverityText),
                EventName = _tables.Text(c.EventName),
                Shape = _chunk.Tables.Shapes.GetOrAdd(members),
            });
        }
    }
}
