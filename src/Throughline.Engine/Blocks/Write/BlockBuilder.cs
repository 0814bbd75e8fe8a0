using System.IO.Hashing;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// Writes blocks of version 1 (docs/format/block.md), one after another: traces come in their order, row groups go to the file as they fill, so that memory does not grow with the block but for
/// its tables. Keeps its buffers between blocks. One owner; not thread safe.
/// </summary>
internal sealed class BlockBuilder : IDisposable
{
    /// <summary>
    /// Rows of a row group, a whole number of traces: large enough that pages compress well, small enough that reading one trace decodes little more than it needs.
    /// </summary>
    public const int RowGroupRows = 16_384;

    /// <summary>
    /// Rows of a row group of a block that is not compressed, since it is to be merged soon. A merge holds a row group of each of its inputs: with 16,384 rows that was 25 MB more, and no faster.
    /// </summary>
    private const int ShortLivedRowGroupRows = 4_096;

    /// <summary>Texts that the dictionary of a column remembers, so that they are written once: 1 MB for each of the columns that have as many. Twice as many save 0.18 of 38.5 bytes a span, and cost 10 MB.</summary>
    private const int Remembered = 1 << 15;

    /// <summary>The same of a block that is to be merged soon; the merge makes one again of texts that were written twice.</summary>
    private const int ShortLivedRemembered = 1 << 13;

    /// <summary>
    /// Texts of a row group, before compression: whoever reads a row group whole holds as many. Few rows with huge values make a row group, too; a trace is in one all the same.
    /// </summary>
    private const long RowGroupTextBytes = 32L << 20;

    private readonly PageWriter _pages = new();
    private readonly BlockTablesBuilder _tables = new();
    private readonly RowGroupBuilder _rowGroup;
    private readonly BatchRows _batchRows;
    private readonly BlockRuns _blockRuns;
    private readonly JoinedRows _joinedRows;
    private SourceNumbers? _source;
    private Column<int> _rows = new(0);
    private Column<int> _traceRows = new(0);
    private long _sourceTexts;
    private readonly SummaryBuilder _summaries = new();
    private readonly ListWriter _lists = new();
    private readonly List<RowGroupFacts> _rowGroups = [];
    private Column<TraceId> _traceIds = new(0);
    private long _spans;
    private long _textsBefore;
    private readonly bool _compresses;

    /// <summary>Makes a builder that writes nothing yet.</summary>
    /// <param name="compresses">False for blocks that are to be merged soon: what is read again at once is not worth a codec, nor the memory that keeps each text of theirs from being written twice.</param>
    public BlockBuilder(bool compresses)
    {
        _compresses = compresses;
        _rowGroup = new RowGroupBuilder(_tables, _summaries, _pages, compresses ? Remembered : ShortLivedRemembered);
        _batchRows = new BatchRows(_rowGroup, _tables);
        _blockRuns = new BlockRuns(_rowGroup);
        _joinedRows = new JoinedRows(_rowGroup, _tables);
    }

    /// <summary>The tables of the block, for the numbers of sources in them.</summary>
    public BlockTablesBuilder Tables => _tables;

    /// <summary>Traces of the block that is written or was written last.</summary>
    public int WrittenTraces => _traceIds.Count;

    /// <summary>Begins a block in an empty file, which stays the caller's.</summary>
    public void Begin(IWritableFile file)
    {
        _tables.Clear();
        _rowGroup.Clear();
        _rows.Truncate(0);
        _traceRows.Truncate(0);
        _summaries.Clear();
        _rowGroups.Clear();
        _traceIds.Truncate(0);
        (_spans, _textsBefore, _sourceTexts) = (0, 0, 0);
        _source = null;
        _pages.Begin(file, _compresses);
        _pages.Plain(BlockFooter.Header());
    }

    /// <summary>The numbers that a block which is merged into this one gets here.</summary>
    public BlockNumbers NumbersOf(BlockTables from, DictionaryTexts texts, DecodeBuffers buffers) => new(from, texts, _tables, _rowGroup.Values, buffers);

    /// <summary>Says which batch the next traces' rows are of. Its rows stay as they are until <see cref="EndPiece"/>, another source, a run of a block, or the end of the block.</summary>
    public void From(SourceNumbers source)
    {
        if (_source == source) return;
        EndPiece();
        _source = source;
    }

    /// <summary>Makes the block independent of the rows that the present source has given, which may be replaced afterwards.</summary>
    public void EndPiece()
    {
        if (_source is null || _rows.Count == 0) return;
        _batchRows.Append(_source, _rows.Span, _traceRows.Span);
        _rows.Truncate(0);
        _traceRows.Truncate(0);
        _sourceTexts = 0;
    }

    /// <summary>Adds a trace: its rows in the source, by start, ties by span id. Traces come by start, ties by id, each once.</summary>
    public void AddTrace(TraceId id, ReadOnlySpan<int> rows)
    {
        var source = _source ?? throw new InvalidOperationException("No source has been named.");
        MakeRoom(rows.Length);
        // Counting texts is for sources that could fill a row group with them.
        if (source.Source.Strings.SizeBytes + (long)source.Source.Blobs.SizeBytes > RowGroupTextBytes) _sourceTexts += TextBytes(source.Source, rows);
        _traceIds.Add(id);
        _rows.AddRange(rows);
        _traceRows.Add(rows.Length);
        _spans += rows.Length;
    }

    private static long TextBytes(SpanBatch source, ReadOnlySpan<int> rows)
    {
        var bytes = 0L;
        foreach (var row in rows)
        {
            for (var i = source.AttributeOffset[row]; i < source.AttributeOffset[row + 1]; i++)
            {
                var type = (AttributeType)source.Attributes.Type[i];
                if (type == AttributeType.String) bytes += source.Strings[(int)source.Attributes.Value[i]].Length;
                else if (type >= AttributeType.Array) bytes += source.Blobs[(int)source.Attributes.Value[i]].Length;
            }
        }
        return bytes;
    }

    /// <summary>Rows that still fit into the row group beside those it has; none or fewer than a trace has when it is full.</summary>
    public int Room => IsFull ? 0 : (_compresses ? RowGroupRows : ShortLivedRowGroupRows) - _rowGroup.Rows - _rows.Count;

    private bool IsFull => _pages.DictionaryBytes - _textsBefore + _sourceTexts > RowGroupTextBytes;

    /// <summary>Ends the row group when so many rows, of one trace, do not fit into it.</summary>
    private void MakeRoom(int rows)
    {
        if (_rowGroup.Rows + _rows.Count > 0 && rows > Room) EndRowGroup();
    }

    /// <summary>Adds a trace whose parts lie in several inputs: its rows in their order.</summary>
    public void AddTrace(TraceId id, HeldRows held, ReadOnlySpan<int> rows, IReadOnlyList<BlockNumbers> inputs)
    {
        EndPiece();
        MakeRoom(rows.Length);
        _traceIds.Add(id);
        _joinedRows.Append(held, rows, inputs);
        _spans += rows.Length;
    }

    /// <summary>Adds the next traces of an input, which are decoded. They come by start as all traces do; only the first may pass the <see cref="Room"/>, and begins another row group.</summary>
    public void AddTraces(MergeInput input, int traces)
    {
        EndPiece();
        MakeRoom(input.RowsAt(0));
        for (var i = 0; i < traces; i++) _traceIds.Add(input.TraceIdAt(i));
        var run = input.Take(traces);
        _blockRuns.Append(input.Columns, run, input.Numbers, input.Columns.Tables);
        _spans += run.Rows;
    }

    private void EndRowGroup()
    {
        EndPiece();
        if (_rowGroup.Rows == 0) return;
        _rowGroups.Add(_rowGroup.Write(_rowGroups.Count));
        _textsBefore = _pages.DictionaryBytes;
    }

    /// <summary>
    /// Writes what is left: tables, ids, filter, summaries, directory, footer. The caller syncs and names the file. <paramref name="split"/> are the traces of the block that had
    /// spans in other blocks when it was written, <paramref name="stayedBehind"/> those whose spans stayed in the log.
    /// </summary>
    public void Finish(ReadOnlySpan<RequestDigest> digests, ReadOnlySpan<TraceId> split, ReadOnlySpan<TraceId> stayedBehind)
    {
        EndRowGroup();
        var (values, entries) = _rowGroup.FinishColumns();
        _pages.Raw(BlockColumn.TraceIds, PageEntry.WholeBlock, _traceIds.Span);
        _pages.Bytes(BlockColumn.TraceFilter, TraceFilter.Of(_traceIds.Span).Bytes, false);
        _pages.Raw(BlockColumn.SplitTraceIds, PageEntry.WholeBlock, split);
        _pages.Raw(BlockColumn.StayedBehind, PageEntry.WholeBlock, stayedBehind);
        _pages.Raw(BlockColumn.Digests, PageEntry.WholeBlock, digests);
        _lists.Clear();
        _summaries.Finish().Encode(_lists);
        _pages.Bytes(BlockColumn.Summaries, _lists.Written, true);
        _lists.Clear();
        _tables.Finish([.. _rowGroups], values, entries).Encode(_lists);
        _pages.Bytes(BlockColumn.Tables, _lists.Written, true);
        var directory = _pages.Compress(BlockDirectory.Encode(_pages.Entries)).ToArray();
        var footer = new BlockFooter(_spans, _traceIds.Count, _pages.Position, directory.Length, _pages.Entries.Length, XxHash3.HashToUInt64(directory));
        _pages.Plain(directory);
        _pages.Plain(footer.Encode());
        _pages.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _pages.Dispose();
}
