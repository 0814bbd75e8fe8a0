using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// One block that is being merged, trace by trace in its order. A row group is decoded when its first trace is asked for, so that blocks of other times hold nothing in memory. Not thread safe.
/// </summary>
internal sealed class MergeInput
{
    private readonly RowGroupReader _reader;
    private readonly BlockTables _tables;
    private readonly Stack<SpanBatch> _batches;
    private SpanBatch? _rows;
    private int[] _traceRows = [];
    private int _rowGroup = -1;
    private int _trace;
    private int _firstRow;
    private int _ordinal;

    /// <summary>Begins at the first trace. Batches are taken from a stack that inputs share, and go back there.</summary>
    public MergeInput(BlockFile file, BlockTablesBuilder tables, RowGroupScratch scratch, Stack<SpanBatch> batches)
    {
        _batches = batches;
        _tables = file.ReadTables();
        TraceIds = file.ReadTraceIds();
        _reader = new RowGroupReader(file.Pages, file.Directory, _tables, TraceIds, scratch);
        Numbers = new SourceNumbers(tables);
    }

    /// <summary>The ids of its traces, in order.</summary>
    public TraceId[] TraceIds { get; }

    /// <summary>The numbers of its rows in the block that is written.</summary>
    public SourceNumbers Numbers { get; }

    /// <summary>The decoded rows of the present row group.</summary>
    public SpanBatch Rows => _rows ??= _batches.TryPop(out var batch) ? batch : new SpanBatch();

    /// <summary>True when all traces have been passed.</summary>
    public bool IsAtEnd => _ordinal == TraceIds.Length;

    /// <summary>The present trace.</summary>
    public TraceId TraceId => TraceIds[_ordinal];

    /// <summary>Start of the present trace, or, while its row group is not decoded, of the earliest trace of that, which it is.</summary>
    public ulong StartUnixNano => _trace < _traceRows.Length ? Rows.StartUnixNano[_firstRow] : _tables.RowGroups[_rowGroup + 1].MinStartUnixNano;

    /// <summary>Memory that the decoded rows take.</summary>
    public long DecodedBytes => _rows?.UsedBytes ?? 0;

    /// <summary>True when the present trace's rows are decoded.</summary>
    public bool IsDecoded => _trace < _traceRows.Length;

    /// <summary>The traces of the decoded row group, and the rows of each.</summary>
    public (ReadOnlyMemory<TraceId> Ids, int[] Rows) DecodedTraces => (TraceIds.AsMemory(_ordinal - _trace, _traceRows.Length), _traceRows);

    /// <summary>Decodes the row group of the present trace; the rows before are gone.</summary>
    public void Decode()
    {
        _traceRows = _reader.Read(++_rowGroup, Rows);
        (_trace, _firstRow) = (0, 0);
    }

    /// <summary>Number of the present trace's rows, which begin at <see cref="FirstRow"/>.</summary>
    public int RowCount => _traceRows[_trace];

    /// <summary>The present trace's first row in <see cref="Rows"/>.</summary>
    public int FirstRow => _firstRow;

    /// <summary>Goes on to the next trace.</summary>
    public void MoveNext()
    {
        _firstRow += _traceRows[_trace++];
        _ordinal++;
    }

    /// <summary>Gives back the memory of a block whose end has been reached.</summary>
    public void Release()
    {
        _reader.Trim();
        if (_rows is null) return;
        Numbers.From(new SpanBatch());
        _batches.Push(_rows);
        _rows = null;
    }
}
