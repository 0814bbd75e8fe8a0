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
    private readonly SpanBatch _rows = new();
    private int[] _traceRows = [];
    private int _rowGroup = -1;
    private int _trace;
    private int _firstRow;
    private int _ordinal;

    /// <summary>Begins at the first trace.</summary>
    public MergeInput(BlockFile file, BlockTablesBuilder tables)
    {
        _tables = file.ReadTables();
        TraceIds = file.ReadTraceIds();
        _reader = new RowGroupReader(file.Pages, file.Directory, _tables, TraceIds);
        Numbers = new SourceNumbers(tables);
    }

    /// <summary>The ids of its traces, in order.</summary>
    public TraceId[] TraceIds { get; }

    /// <summary>The numbers of its rows in the block that is written.</summary>
    public SourceNumbers Numbers { get; }

    /// <summary>The decoded rows of the present row group.</summary>
    public SpanBatch Rows => _rows;

    /// <summary>True when all traces have been passed.</summary>
    public bool IsAtEnd => _ordinal == TraceIds.Length;

    /// <summary>The present trace.</summary>
    public TraceId TraceId => TraceIds[_ordinal];

    /// <summary>Start of the present trace, or, while its row group is not decoded, of the earliest trace of that, which it is.</summary>
    public ulong StartUnixNano => _trace < _traceRows.Length ? _rows.StartUnixNano[_firstRow] : _tables.RowGroups[_rowGroup + 1].MinStartUnixNano;

    /// <summary>True when the present trace's rows are decoded.</summary>
    public bool IsDecoded => _trace < _traceRows.Length;

    /// <summary>Decodes the row group of the present trace; the rows before are gone.</summary>
    public void Decode()
    {
        _traceRows = _reader.Read(++_rowGroup, _rows);
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

    /// <summary>Adds the rows of the given traces to a table. Row groups without any are not read.</summary>
    public void Collect(IReadOnlySet<TraceId> traces, SpanTable into, CancellationToken cancellationToken)
    {
        var first = 0;
        var rows = new SpanBatch();
        var numbers = new List<int>();
        for (var group = 0; group < _tables.RowGroups.Length; group++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var end = first + _tables.RowGroups[group].Traces;
            numbers.Clear();
            for (var t = first; t < end; t++)
            {
                if (traces.Contains(TraceIds[t])) numbers.Add(t - first);
            }
            if (numbers.Count > 0) Collect(group, numbers, rows, into);
            first = end;
        }
    }

    private void Collect(int rowGroup, List<int> traces, SpanBatch rows, SpanTable into)
    {
        var traceRows = _reader.Read(rowGroup, rows);
        var wanted = new List<int>();
        var (next, row) = (0, 0);
        for (var t = 0; t < traceRows.Length && next < traces.Count; t++)
        {
            if (traces[next] == t)
            {
                next++;
                for (var i = 0; i < traceRows[t]; i++) wanted.Add(row + i);
            }
            row += traceRows[t];
        }
        into.Add(rows, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(wanted));
    }
}
