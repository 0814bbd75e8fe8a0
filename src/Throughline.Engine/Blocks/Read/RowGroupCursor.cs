using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;

namespace Throughline.Engine.Blocks.Read;

/// <summary>Traces of a row group that follow one another, and where what belongs to them lies in its columns. Made by a <see cref="RowGroupCursor"/>, whose next step changes it.</summary>
internal sealed class RowRun
{
    /// <summary>The first trace, in the row group.</summary>
    public int FirstTrace;

    /// <summary>Number of traces.</summary>
    public int Traces;

    /// <summary>The first row.</summary>
    public int FirstRow;

    /// <summary>Number of rows.</summary>
    public int Rows;

    /// <summary>The first of their parents elsewhere.</summary>
    public int FirstElsewhere;

    /// <summary>Number of those.</summary>
    public int Elsewhere;

    /// <summary>The first event.</summary>
    public int FirstEvent;

    /// <summary>Number of events.</summary>
    public int Events;

    /// <summary>The first link.</summary>
    public int FirstLink;

    /// <summary>Number of links.</summary>
    public int Links;

    /// <summary>The columns of attributes in which they have values, and which.</summary>
    public ReadOnlySpan<ValueRange> Values => CollectionsMarshal.AsSpan(ValueList);

    internal readonly List<ValueRange> ValueList = [];
}

/// <summary>Values of a column of attributes that follow one another in a row group.</summary>
/// <param name="Column">Index of the column in the table of columns.</param>
/// <param name="First">The first value.</param>
/// <param name="Count">Number of values.</param>
internal readonly record struct ValueRange(int Column, int First, int Count);

/// <summary>Goes through a decoded row group, some traces at a time. Not thread safe.</summary>
internal sealed class RowGroupCursor(RowGroupColumns columns)
{
    private readonly BlockTables _tables = columns.Tables;
    private readonly RowRun _run = new();
    private readonly int[] _next = new int[columns.Tables.Columns.Length];
    private readonly int[] _added = new int[columns.Tables.Columns.Length];
    private readonly int[] _shapes = new int[columns.Tables.ShapeOffsets.Length - 1];
    private readonly List<int> _touched = [];

    /// <summary>The next trace, in the row group.</summary>
    public int Trace => _run.FirstTrace + _run.Traces;

    /// <summary>The next trace's first row.</summary>
    public int Row => _run.FirstRow + _run.Rows;

    /// <summary>Goes to the first trace.</summary>
    public void Begin()
    {
        Array.Clear(_next);
        (_run.FirstTrace, _run.Traces, _run.FirstRow, _run.Rows) = (0, 0, 0, 0);
        (_run.FirstElsewhere, _run.Elsewhere, _run.FirstEvent, _run.Events, _run.FirstLink, _run.Links) = (0, 0, 0, 0, 0, 0);
    }

    /// <summary>Goes over the next traces and says where they lie; valid until the next call.</summary>
    public RowRun Take(int traces)
    {
        var run = _run;
        (run.FirstTrace, run.FirstRow, run.FirstElsewhere) = (run.FirstTrace + run.Traces, run.FirstRow + run.Rows, run.FirstElsewhere + run.Elsewhere);
        (run.FirstEvent, run.FirstLink) = (run.FirstEvent + run.Events, run.FirstLink + run.Links);
        (run.Traces, run.Rows, run.Elsewhere, run.Events, run.Links) = (traces, 0, 0, 0, 0);
        foreach (var rows in columns.Column(BlockColumn.TraceRows, run.FirstTrace, traces)) run.Rows += (int)rows;
        foreach (var code in columns.Column(BlockColumn.Parent, run.FirstRow, run.Rows)) run.Elsewhere += code == 1 ? 1 : 0;
        run.Events = Sum(BlockColumn.EventCount);
        run.Links = Sum(BlockColumn.LinkCount);
        run.ValueList.Clear();
        AddValues(columns.Column(BlockColumn.Shape, run.FirstRow, run.Rows));
        if (run.Events > 0) AddValues(columns.Column(BlockColumn.EventShape, run.FirstEvent, run.Events));
        if (run.Links > 0) AddValues(columns.Column(BlockColumn.LinkShape, run.FirstLink, run.Links));
        return run;
    }

    /// <summary>Checks, behind the last trace, that no column of attributes has more values than the shapes say.</summary>
    /// <exception cref="Files.CorruptDataException">One has.</exception>
    public void End()
    {
        for (var column = 0; column < _next.Length; column++) columns.RequireAttribute(column, _next[column]);
    }

    private int Sum(int column)
    {
        if (columns.IsZero(column)) return 0;
        var sum = 0;
        foreach (var count in columns.Column(column, _run.FirstRow, _run.Rows)) sum += (int)count;
        return sum;
    }

    /// <summary>Counts owners by shape first: there are far fewer shapes than owners, and each has some fifteen columns.</summary>
    private void AddValues(ReadOnlySpan<long> shapes)
    {
        _touched.Clear();
        foreach (var shape in shapes)
        {
            if (_shapes[(int)shape]++ == 0) _touched.Add((int)shape);
        }
        var values = _run.ValueList;
        var firstRange = values.Count;
        foreach (var shape in _touched)
        {
            var owners = _shapes[shape];
            _shapes[shape] = 0;
            foreach (var member in _tables.ShapeMembers.AsSpan(_tables.ShapeOffsets[shape].._tables.ShapeOffsets[shape + 1]))
            {
                ref var added = ref _added[member - BlockColumn.FirstAttribute];
                if (added == 0) values.Add(new ValueRange(member - BlockColumn.FirstAttribute, 0, 0));
                added += owners;
            }
        }
        foreach (ref var range in CollectionsMarshal.AsSpan(values)[firstRange..])
        {
            range = new ValueRange(range.Column, _next[range.Column], _added[range.Column]);
            _next[range.Column] += _added[range.Column];
            _added[range.Column] = 0;
        }
    }
}
