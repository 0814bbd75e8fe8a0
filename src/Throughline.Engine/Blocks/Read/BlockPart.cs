using System.Numerics;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks.Read;

/// <summary>A row group of a block, column by column. One query's own; not thread safe.</summary>
internal sealed class BlockPart(BlockReader block, int number) : ISegmentPart
{
    private readonly SegmentPart _facts = block.Parts[number];

    /// <summary>The block.</summary>
    public BlockReader Block => block;

    /// <summary>Number of the row group.</summary>
    public int Number => number;

    /// <inheritdoc/>
    public NumberVector Rows(RowColumn column) => Read(() => column switch
    {
        RowColumn.Operation => Checked(BlockColumn.Operation, block.BlockTables.Operations.Length),
        RowColumn.Start => Starts(),
        RowColumn.Duration => Durations(),
        RowColumn.Status => Numbers(BlockColumn.Status),
        RowColumn.Marks => Numbers(BlockColumn.Marks),
        RowColumn.Resource => Checked(BlockColumn.Resource, block.Tables.Resources.Count),
        RowColumn.TraceState => Checked(BlockColumn.TraceState, Math.Max(1, block.Dictionary(BlockColumn.TraceState).Count)),
        _ => throw new ArgumentOutOfRangeException(nameof(column), column, "A column that a block does not have."),
    });

    /// <inheritdoc/>
    public bool TryGetBounds(RowColumn column, out ulong smallest, out ulong largest)
    {
        var stored = column switch
        {
            RowColumn.Operation => BlockColumn.Operation,
            RowColumn.Duration => BlockColumn.End,
            RowColumn.Marks => BlockColumn.Marks,
            RowColumn.Resource => BlockColumn.Resource,
            _ => -1,
        };
        (smallest, largest) = (0, 0);
        if (stored < 0) return false;
        if (!block.Pages.TryFind(number, stored, out var entry)) return true;
        (smallest, largest) = ((ulong)entry.Base, (ulong)entry.Top);
        // Spans that end before they start last 0.
        return column != RowColumn.Duration || AreDurations(entry);
    }

    /// <inheritdoc/>
    public NumberVector Traces(TraceColumn column) => Read(() => column switch
    {
        TraceColumn.Start => TraceStarts(),
        TraceColumn.Duration => TraceNumbers(BlockColumn.TraceEnd),
        TraceColumn.Spans => TraceNumbers(BlockColumn.TraceRows),
        TraceColumn.Errors => TraceNumbers(BlockColumn.TraceErrors),
        TraceColumn.Waiting => TraceNumbers(BlockColumn.TraceWaiting),
        _ => throw new ArgumentOutOfRangeException(nameof(column), column, "A column that a block does not have."),
    });

    /// <inheritdoc/>
    public void MarkTraces(ReadOnlySpan<ulong> rows, Span<ulong> traces)
    {
        var offsets = TraceOffsets();
        var trace = 0;
        for (var word = 0; word < rows.Length; word++)
        {
            var left = rows[word];
            while (left != 0)
            {
                var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                while (offsets[trace + 1] <= row) trace++;
                RowBits.Set(traces, trace);
                // The rest of the trace says nothing new.
                var end = offsets[trace + 1] - (word << 6);
                left = end >= 64 ? 0 : left & (ulong.MaxValue << end);
            }
        }
    }

    /// <inheritdoc/>
    public int[] ReadTraces()
    {
        var offsets = TraceOffsets();
        var traces = new int[_facts.Rows];
        for (var trace = 0; trace < _facts.Traces; trace++) traces.AsSpan(offsets[trace]..offsets[trace + 1]).Fill(trace);
        return traces;
    }

    /// <inheritdoc/>
    public void ClearRowsOf(ReadOnlySpan<ulong> traces, Span<ulong> rows)
    {
        var offsets = TraceOffsets();
        for (var trace = 0; trace < _facts.Traces; trace++)
        {
            if (RowBits.Has(traces, trace)) RowBits.Clear(rows, offsets[trace], offsets[trace + 1]);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ValueColumn> Attribute(int key) => Read(() =>
    {
        var columns = new List<ValueColumn>(2);
        foreach (var column in block.Shapes.ColumnsOf(AttributeOwner.Span, key))
        {
            if (Has(TextOwner.Span, column)) columns.Add(new BlockValueColumn(this, TextOwner.Span, column));
        }
        return columns;
    });

    /// <inheritdoc/>
    public ValueColumn StatusMessages => new BlockTextColumn(this, BlockColumn.StatusMessage, _facts.Rows);

    /// <inheritdoc/>
    public IEnumerable<ValueColumn> Texts(TextOwner owner)
    {
        if (owner == TextOwner.Event) yield return new BlockTextColumn(this, BlockColumn.EventName, EventCount);
        for (var column = 0; column < block.BlockTables.Columns.Length; column++)
        {
            var facts = block.BlockTables.Columns[column];
            if (facts.Owner != (owner == TextOwner.Span ? AttributeOwner.Span : AttributeOwner.Event) || facts.Type is not (Model.AttributeType.String or Model.AttributeType.Array)) continue;
            if (Read(() => Has(owner, column))) yield return new BlockValueColumn(this, owner, column);
        }
    }

    /// <inheritdoc/>
    public int EventCount => Read(() => EventOffsets()[^1]);

    /// <inheritdoc/>
    public void MarkRowsOfEvents(ReadOnlySpan<ulong> events, Span<ulong> rows)
    {
        var offsets = Read(EventOffsets);
        var row = 0;
        for (var word = 0; word < events.Length; word++)
        {
            for (var left = events[word]; left != 0; left &= left - 1)
            {
                var at = (word << 6) + BitOperations.TrailingZeroCount(left);
                while (offsets[row + 1] <= at) row++;
                RowBits.Set(rows, row);
            }
        }
    }

    /// <inheritdoc/>
    public bool HasLinks => Read(() => block.Pages.TryFind(number, BlockColumn.LinkTraceId, out _));

    /// <inheritdoc/>
    public void MarkRowsLinkedTo(TraceId traceId, Span<ulong> rows)
    {
        var offsets = Read(LinkOffsets);
        var linked = Read(() => block.Pages.Raw<TraceId>(number, BlockColumn.LinkTraceId, offsets[^1]));
        var row = 0;
        for (var link = 0; link < linked.Length; link++)
        {
            if (linked[link] != traceId) continue;
            while (offsets[row + 1] <= link) row++;
            RowBits.Set(rows, row);
        }
    }

    /// <inheritdoc/>
    public int[] ReadParents() => Read(() =>
    {
        var codes = Numbers(BlockColumn.Parent);
        var parents = new int[_facts.Rows];
        for (var row = 0; row < parents.Length; row++)
        {
            var code = (long)codes[row];
            parents[row] = code < 2 ? -1 : (int)Place(row, code);
        }
        return parents;
    });

    /// <summary>The row that a code of the parent's column names.</summary>
    public long Place(int row, long code)
    {
        var place = (code & 1) == 0 ? row - (code - 2) / 2 : row + (code - 3) / 2;
        if ((ulong)place >= (ulong)_facts.Rows) throw new CorruptDataException(block.Name, 0, $"a parent in one of {_facts.Rows} rows of row group {number}", $"row {place}");
        return place;
    }

    /// <summary>Reads; what is wrong with the stored bytes is thrown as queries know it.</summary>
    public T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (Unreadable.Is(e))
        {
            throw Unreadable.From(e);
        }
    }

    /// <summary>Numbers of a column that has one for each row.</summary>
    public NumberVector Numbers(int column) => block.Pages.Numbers(number, column, _facts.Rows);

    /// <summary>The starts of all rows.</summary>
    public NumberVector Starts()
    {
        var key = block.Pages.Key(number, BlockColumn.Start, CachedForm.Derived);
        if (block.Pages.Cache.Find<NumberVector>(key) is { } known) return known;
        var (steps, traceStarts, offsets) = (Numbers(BlockColumn.Start), TraceStarts(), TraceOffsets());
        var starts = steps.ToArray();
        for (var trace = 0; trace < _facts.Traces; trace++)
        {
            var start = traceStarts[trace];
            for (var row = offsets[trace]; row < offsets[trace + 1]; row++) starts[row] = start += starts[row];
        }
        var vector = NumberVector.Of(starts, starts.Length);
        block.Pages.Cache.Keep(key, vector, vector.MemoryBytes);
        return vector;
    }

    /// <summary>Where each trace's rows begin; one more than there are traces.</summary>
    public int[] TraceOffsets() => Read(() => Offsets(BlockColumn.TraceRows, _facts.Traces, _facts.Rows));

    /// <summary>Where each row's events begin; one more than there are rows.</summary>
    public int[] EventOffsets() => Offsets(BlockColumn.EventCount, _facts.Rows, -1);

    /// <summary>Where each row's links begin; one more than there are rows.</summary>
    public int[] LinkOffsets() => Offsets(BlockColumn.LinkCount, _facts.Rows, -1);

    /// <summary>The shapes of all owners of a kind.</summary>
    public NumberVector OwnerShapes(TextOwner owner) => owner == TextOwner.Span
        ? CheckedShapes(BlockColumn.Shape, _facts.Rows)
        : CheckedShapes(BlockColumn.EventShape, EventCount);

    /// <summary>Shapes of so many owners, all of which the block has.</summary>
    public NumberVector CheckedShapes(int column, int owners)
    {
        var shapes = block.Pages.Numbers(number, column, owners);
        Require(column, block.Shapes.Count, owners);
        return shapes;
    }

    /// <summary>The owners that have a value of a column of attributes.</summary>
    public ulong[] Having(TextOwner owner, int column) => Read(() => Having(OwnerShapes(owner), column));

    /// <summary>Of owners of these shapes those that have a value of a column of attributes.</summary>
    public ulong[] Having(NumberVector shapes, int column)
    {
        var key = block.Pages.Key(number, BlockColumn.FirstAttribute + column, CachedForm.Bits);
        if (block.Pages.Cache.Find<ulong[]>(key) is { } known) return known;
        var chosen = new ulong[RowBits.Words(block.Shapes.Count)];
        foreach (var shape in block.Shapes.ShapesOf(column)) RowBits.Set(chosen, shape);
        var having = RowBits.All(shapes.Count);
        SetScan.And(shapes, chosen, having);
        block.Pages.Cache.Keep(key, having, having.LongLength * 8);
        return having;
    }

    /// <summary>By value of a column of attributes: its owner.</summary>
    public int[] OwnersOf(TextOwner owner, int column) => Read(() => OwnersOf(OwnerShapes(owner), column));

    /// <summary>By value of a column of attributes: its owner, of owners of these shapes.</summary>
    public int[] OwnersOf(NumberVector shapes, int column)
    {
        var times = new Dictionary<int, int>();
        foreach (var shape in block.Shapes.ShapesOf(column)) times[shape] = times.GetValueOrDefault(shape) + 1;
        var owners = new Column<int>(block.Pages.CountOf(number, BlockColumn.FirstAttribute + column));
        for (var i = 0; i < shapes.Count; i++)
        {
            for (var left = times.GetValueOrDefault((int)shapes[i]); left > 0; left--) owners.Add(i);
        }
        return owners.Span.ToArray();
    }

    /// <summary>Whether any owner has a value of a column of attributes.</summary>
    private bool Has(TextOwner owner, int column)
    {
        if (block.Pages.TryFind(number, BlockColumn.FirstAttribute + column, out _)) return true;
        // Without a page all values are 0, or there are none: only the shapes tell.
        var present = PresentShapes(owner);
        foreach (var shape in block.Shapes.ShapesOf(column))
        {
            if (RowBits.Has(present, shape)) return true;
        }
        return false;
    }

    private ulong[] PresentShapes(TextOwner owner)
    {
        var key = block.Pages.Key(number, owner == TextOwner.Span ? BlockColumn.Shape : BlockColumn.EventShape, CachedForm.Bits);
        if (block.Pages.Cache.Find<ulong[]>(key) is { } known) return known;
        var shapes = OwnerShapes(owner);
        var present = new ulong[RowBits.Words(block.Shapes.Count)];
        for (var i = 0; i < shapes.Count; i++) RowBits.Set(present, (int)shapes[i]);
        block.Pages.Cache.Keep(key, present, present.LongLength * 8);
        return present;
    }

    private NumberVector TraceNumbers(int column) => block.Pages.Numbers(number, column, _facts.Traces);

    /// <summary>The starts of all traces.</summary>
    public NumberVector TraceStarts()
    {
        var key = block.Pages.Key(number, BlockColumn.TraceStart, CachedForm.Derived);
        if (block.Pages.Cache.Find<NumberVector>(key) is { } known) return known;
        var starts = TraceNumbers(BlockColumn.TraceStart).ToArray();
        for (var trace = 1; trace < starts.Length; trace++) starts[trace] += starts[trace - 1];
        var vector = NumberVector.Of(starts, starts.Length);
        block.Pages.Cache.Keep(key, vector, vector.MemoryBytes);
        return vector;
    }

    /// <summary>Whether the stored distances from start to end are the durations: none is negative, and no end lies beyond the end of time.</summary>
    private bool AreDurations(in PageEntry entry) => entry.Base >= 0 && (ulong)entry.Top <= ulong.MaxValue - _facts.MaxStartUnixNano;

    private NumberVector Durations()
    {
        if (!block.Pages.TryFind(number, BlockColumn.End, out var entry) || AreDurations(entry)) return Numbers(BlockColumn.End);
        var key = block.Pages.Key(number, BlockColumn.End, CachedForm.Derived);
        if (block.Pages.Cache.Find<NumberVector>(key) is { } known) return known;
        var (durations, starts) = (Numbers(BlockColumn.End).ToArray(), Starts());
        for (var row = 0; row < durations.Length; row++)
        {
            var start = starts[row];
            if (unchecked(start + durations[row]) <= start) durations[row] = 0;
        }
        var vector = NumberVector.Narrowed(durations);
        block.Pages.Cache.Keep(key, vector, vector.MemoryBytes);
        return vector;
    }

    private int[] Offsets(int column, int owners, int total)
    {
        var key = block.Pages.Key(number, column, CachedForm.Offsets);
        if (block.Pages.Cache.Find<int[]>(key) is { } known) return known;
        var counts = block.Pages.Numbers(number, column, owners);
        var offsets = new int[owners + 1];
        var end = 0ul;
        for (var i = 0; i < owners; i++)
        {
            end += counts[i];
            if (counts[i] > int.MaxValue || end > int.MaxValue) throw new CorruptDataException(block.Name, 0, $"counts that an index can hold in column {column} of row group {number}", $"{end}");
            offsets[i + 1] = (int)end;
        }
        if (total >= 0 && (int)end != total) throw new CorruptDataException(block.Name, 0, $"{total} rows in the traces of row group {number}", $"{end}");
        block.Pages.Cache.Keep(key, offsets, offsets.LongLength * 4);
        return offsets;
    }

    /// <summary>Numbers of the rows that are places in a table of so many.</summary>
    private NumberVector Checked(int column, int limit)
    {
        var numbers = Numbers(column);
        Require(column, limit, _facts.Rows);
        return numbers;
    }

    private void Require(int column, int limit, int count)
    {
        if (count == 0) return;
        var (smallest, largest) = block.Pages.TryFind(number, column, out var entry) ? (entry.Base, entry.Top) : (0, 0);
        if (smallest < 0 || largest >= limit) throw new CorruptDataException(block.Name, entry.Offset, $"numbers below {limit} in column {column} of row group {number}", $"{smallest} to {largest}");
    }
}
