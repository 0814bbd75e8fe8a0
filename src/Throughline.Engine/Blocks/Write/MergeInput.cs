using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// One block that is being merged, trace by trace in its order. A row group is decoded when its first trace is asked for, so that blocks of other times hold nothing in memory. Not thread safe.
/// </summary>
internal sealed class MergeInput
{
    /// <summary>What a column of attributes costs, here and in the block that is written, however few values it has.</summary>
    private const long ColumnBytes = 2_048;

    private readonly RowGroupColumns _columns;
    private readonly DictionaryTexts _texts;
    private readonly RowGroupCursor _cursor;
    private readonly BlockNumbers _numbers;
    private int _rowGroup = -1;
    private int _firstTrace;
    private int _traces;

    /// <summary>Begins at the first trace. Buffers are those that inputs share.</summary>
    public MergeInput(int index, BlockFile file, BlockBuilder builder, DecodeBuffers buffers)
    {
        var tables = file.ReadTables();
        TraceIds = file.ReadTraceIds();
        _columns = new RowGroupColumns(file.Pages, file.Directory, tables, buffers);
        _texts = new DictionaryTexts(file.Pages, file.Directory, RowGroupReader.TextBytes, buffers);
        _cursor = new RowGroupCursor(_columns);
        _numbers = builder.NumbersOf(tables, _texts, buffers);
        Values = new OwnerValues(_columns);
        Index = index;
    }

    /// <summary>Its number among the inputs.</summary>
    public int Index { get; }

    /// <summary>Brings values of the present row group in the order of their owners.</summary>
    public OwnerValues Values { get; }

    /// <summary>The ids of its traces, in order.</summary>
    public TraceId[] TraceIds { get; }

    /// <summary>The present row group's columns.</summary>
    public RowGroupColumns Columns => _columns;

    /// <summary>The numbers of its rows in the block that is written.</summary>
    public BlockNumbers Numbers => _numbers;

    /// <summary>True when all traces have been passed.</summary>
    public bool IsAtEnd => _firstTrace + _cursor.Trace == TraceIds.Length;

    /// <summary>True when the present trace's rows are decoded.</summary>
    public bool IsDecoded => _cursor.Trace < _traces;

    /// <summary>A trace behind the present one, in the present row group.</summary>
    public TraceId TraceIdAt(int ahead) => TraceIds[_firstTrace + _cursor.Trace + ahead];

    /// <summary>Start of such a trace, or, while the row group of the present one is not decoded, of the earliest span there.</summary>
    public ulong StartUnixNanoAt(int ahead) => IsDecoded ? _columns.TraceStarts[_cursor.Trace + ahead] : _columns.Tables.RowGroups[_rowGroup + 1].MinStartUnixNano;

    /// <summary>Rows of such a trace.</summary>
    public int RowsAt(int ahead) => (int)_columns.Column(BlockColumn.TraceRows, _cursor.Trace + ahead, 1)[0];

    /// <summary>Traces that are decoded, from the present one on.</summary>
    public int Decoded => _traces - _cursor.Trace;

    /// <summary>Memory that is held of the block, and the columns of attributes.</summary>
    public long HeldBytes => _columns.HeldBytes + _texts.HeldBytes + _numbers.HeldBytes + _columns.Tables.Columns.Length * ColumnBytes;

    /// <summary>Decodes the row group of the present trace; the rows before are gone.</summary>
    public void Decode()
    {
        _firstTrace += _traces;
        _columns.Read(++_rowGroup);
        _traces = _columns.Traces;
        _cursor.Begin();
    }

    /// <summary>Goes over the next traces, which are decoded, and says where they lie; valid until the next call.</summary>
    public RowRun Take(int traces)
    {
        var run = _cursor.Take(traces);
        if (_cursor.Trace == _traces) _cursor.End();
        return run;
    }

    /// <summary>Gives back the memory of the rows, when the end has been reached.</summary>
    public void ReleaseRows() => _columns.Release();

    /// <summary>Gives back the memory of texts, when no row asks for them any more.</summary>
    public void ReleaseTexts()
    {
        _texts.Clear();
        _numbers.Clear();
    }
}
