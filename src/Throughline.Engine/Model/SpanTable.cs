using System.Numerics;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Model;

/// <summary>
/// Spans with an index by trace, each span once: a row whose ids and content equal those of a row already there is not added. The head is one, and so is a
/// trace while it is put together from several places. One owner adds; not thread safe, but the columns may be read through snapshots.
/// </summary>
internal sealed class SpanTable
{
    private readonly SpanCopier _copier;
    private int[] _traceSlots = new int[64];
    private int[] _spanSlots = new int[64];
    private int _errorKey = -1;
    private int _trueText = -1;
    private int _textsChecked;

    /// <summary>Creates an empty table.</summary>
    public SpanTable()
    {
        _copier = new SpanCopier(Spans);
    }

    /// <summary>The spans, in the order of their arrival.</summary>
    public SpanBatch Spans { get; } = new();

    /// <summary>Number of the trace of each row.</summary>
    public Column<int> TraceOrdinal = new(0);

    /// <summary>The next row of the same trace, or -1; the owner writes it when that row arrives, so a reader stops at its snapshot's row count.</summary>
    public Column<int> NextRow = new(0);

    /// <summary>By trace: its id.</summary>
    public Column<TraceId> TraceId = new(0);

    /// <summary>By trace: its first row.</summary>
    public Column<int> FirstRow = new(0);

    /// <summary>By trace: its last row so far.</summary>
    private Column<int> _lastRow = new(0);

    /// <summary>Rows that were not added because an equal one was there.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Memory held, in bytes, near enough for limits.</summary>
    public long MemoryBytes => Spans.MemoryBytes + (TraceOrdinal.Items.LongLength + NextRow.Items.LongLength + _traceSlots.LongLength + _spanSlots.LongLength) * 4 + TraceId.Items.LongLength * 24;

    /// <summary>Adds all rows of a batch.</summary>
    public void Add(SpanBatch batch)
    {
        _copier.From(batch, batch.RowCount);
        for (var row = 0; row < batch.RowCount; row++) AddCurrent(row);
    }

    /// <summary>Adds the given rows of a batch.</summary>
    public void Add(SpanBatch batch, ReadOnlySpan<int> rows)
    {
        _copier.From(batch, rows.Length);
        foreach (var row in rows) AddCurrent(row);
    }

    /// <summary>The number of a trace, or -1.</summary>
    public int FindTrace(TraceId id)
    {
        var slots = _traceSlots;
        for (var i = TraceHash(id) & (slots.Length - 1); ; i = (i + 1) & (slots.Length - 1))
        {
            var slot = Volatile.Read(ref slots[i]);
            if (slot == 0) return -1;
            if (slot <= TraceId.Count && TraceId[slot - 1] == id) return slot - 1;
        }
    }

    /// <summary>A frozen view for readers: shares the columns and slots as they are now.</summary>
    public SpanTableView Snapshot() => new(Spans.Snapshot(), TraceOrdinal, NextRow, TraceId, FirstRow, _traceSlots);

    private void AddCurrent(int sourceRow)
    {
        var row = _copier.Copy(sourceRow);
        RefreshTexts();
        if (SpanRows.IsError(Spans, row, _errorKey, _trueText)) Spans.Marks.Items[row] |= (byte)SpanMarks.Error;
        var slot = FindSpanSlot(row, out var isDuplicate);
        if (isDuplicate)
        {
            Spans.RemoveLastRow();
            Duplicates++;
            return;
        }
        _spanSlots[slot] = row + 1;
        if ((row + 1) * 2L > _spanSlots.Length) GrowSpanSlots();
        var ordinal = TraceOf(Spans.TraceId[row], row);
        TraceOrdinal.Add(ordinal);
        NextRow.Add(-1);
        if (FirstRow[ordinal] != row)
        {
            NextRow.Items[_lastRow[ordinal]] = row;
            _lastRow.Items[ordinal] = row;
        }
    }

    /// <summary>Looks for the two texts among the entries that are new: a look-up by hash for every row would cost more than all of them once.</summary>
    private void RefreshTexts()
    {
        var strings = Spans.Strings;
        for (; _textsChecked < strings.Count; _textsChecked++)
        {
            var text = strings[_textsChecked];
            if (text.SequenceEqual("error"u8)) _errorKey = _textsChecked;
            else if (text.SequenceEqual("true"u8)) _trueText = _textsChecked;
        }
    }

    private int TraceOf(TraceId id, int row)
    {
        var mask = _traceSlots.Length - 1;
        var i = TraceHash(id) & mask;
        for (; _traceSlots[i] != 0; i = (i + 1) & mask)
        {
            if (TraceId[_traceSlots[i] - 1] == id) return _traceSlots[i] - 1;
        }
        var ordinal = TraceId.Count;
        TraceId.Add(id);
        FirstRow.Add(row);
        _lastRow.Add(row);
        Volatile.Write(ref _traceSlots[i], ordinal + 1);
        if ((ordinal + 1) * 2L > _traceSlots.Length) GrowTraceSlots();
        return ordinal;
    }

    private int FindSpanSlot(int row, out bool isDuplicate)
    {
        var traceId = Spans.TraceId[row];
        var spanId = Spans.SpanId[row];
        var mask = _spanSlots.Length - 1;
        var i = SpanHash(row) & mask;
        for (; _spanSlots[i] != 0; i = (i + 1) & mask)
        {
            var other = _spanSlots[i] - 1;
            if (Spans.SpanId[other] != spanId || Spans.TraceId[other] != traceId || !SpanRows.HaveEqualContent(Spans, other, row)) continue;
            isDuplicate = true;
            return i;
        }
        isDuplicate = false;
        return i;
    }

    private void GrowSpanSlots()
    {
        var slots = new int[_spanSlots.Length * 4];
        for (var row = 0; row < Spans.RowCount; row++)
        {
            var i = SpanHash(row) & (slots.Length - 1);
            while (slots[i] != 0) i = (i + 1) & (slots.Length - 1);
            slots[i] = row + 1;
        }
        _spanSlots = slots;
    }

    private void GrowTraceSlots()
    {
        var slots = new int[_traceSlots.Length * 4];
        for (var ordinal = 0; ordinal < TraceId.Count; ordinal++)
        {
            var i = TraceHash(TraceId[ordinal]) & (slots.Length - 1);
            while (slots[i] != 0) i = (i + 1) & (slots.Length - 1);
            slots[i] = ordinal + 1;
        }
        _traceSlots = slots;
    }

    // Both halves are seeded per process before they meet, so that senders cannot aim collisions with ids of their choice.
    private static readonly ulong SeedHigh = (ulong)Random.Shared.NextInt64() << 1;
    private static readonly ulong SeedLow = (ulong)Random.Shared.NextInt64() << 1;

    internal static int TraceHash(TraceId id) => (int)(Fold(id.High ^ SeedHigh, id.Low ^ SeedLow) & int.MaxValue);

    // The times are in it so that many spans under one id, which is valid input, do not make one long chain.
    private int SpanHash(int row)
    {
        var id = Spans.TraceId[row];
        var ids = Fold(id.High ^ Spans.SpanId[row] ^ SeedHigh, id.Low ^ SeedLow);
        return (int)(Fold(ids ^ Spans.StartUnixNano[row], Spans.EndUnixNano[row] ^ BitOperations.RotateLeft(SeedLow, 32)) & int.MaxValue);
    }

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}

/// <summary>A reader's view of a <see cref="SpanTable"/>; immutable.</summary>
internal sealed class SpanTableView(SpanBatch spans, Column<int> traceOrdinal, Column<int> nextRow, Column<TraceId> traceId, Column<int> firstRow, int[] traceSlots)
{
    /// <summary>The spans.</summary>
    public SpanBatch Spans { get; } = spans;

    /// <summary>Number of the trace of each row.</summary>
    public Column<int> TraceOrdinal { get; } = traceOrdinal;

    /// <summary>Number of traces.</summary>
    public int TraceCount => traceId.Count;

    /// <summary>The id of a trace.</summary>
    public TraceId TraceId(int ordinal) => traceId[ordinal];

    /// <summary>The number of a trace, or -1.</summary>
    public int FindTrace(TraceId id)
    {
        for (var i = SpanTable.TraceHash(id) & (traceSlots.Length - 1); ; i = (i + 1) & (traceSlots.Length - 1))
        {
            var slot = Volatile.Read(ref traceSlots[i]);
            if (slot == 0) return -1;
            if (slot <= traceId.Count && traceId[slot - 1] == id) return slot - 1;
        }
    }

    /// <summary>Appends the rows of a trace to <paramref name="rows"/>, in the order of their arrival.</summary>
    public void AppendRowsOf(int ordinal, ref Column<int> rows)
    {
        for (var row = firstRow[ordinal]; row >= 0 && row < Spans.RowCount; row = Volatile.Read(ref nextRow.Items[row])) rows.Add(row);
    }
}
