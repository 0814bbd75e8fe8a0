using System.Numerics;
using System.Runtime.InteropServices;
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
    private Column<bool> _shapeHasError = new(0);
    private int[] _hashes = [];
    private ulong[] _keys = [];
    private int _keyCount;

    /// <summary>What a distinct key costs when the spans are written as a block: a column with its dictionary and its pages. Measured: putting ten blocks of 100,000 keys each together took 1.5 GB.</summary>
    private const long KeyBytes = 2_048;

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

    /// <summary>What of that is in use: what a table would hold that had never held more, and what its keys will cost when they are written.</summary>
    public long UsedBytes => Spans.UsedBytes + Spans.RowCount * 20L + TraceId.Count * 36L + _keyCount * KeyBytes;

    /// <summary>Adds all rows of a batch.</summary>
    public void Add(SpanBatch batch)
    {
        _copier.From(batch, batch.RowCount);
        ReserveSpanSlots(batch.RowCount);
        var first = _copier.CopyAll();
        if (!TryIndex(first))
        {
            // Rare: a retry that was not recognised, or a sender that repeats itself. Which rows are new is then told one by one.
            Spans.Truncate(first);
            for (var row = 0; row < batch.RowCount; row++) AddCurrent(row);
            return;
        }
        RefreshTexts();
        ulong high = 0, low = 0;
        var ordinal = -1;
        for (var row = first; row < Spans.RowCount; row++)
        {
            MarkError(row);
            var id = Spans.TraceId[row];
            if (ordinal < 0 || id.High != high || id.Low != low) ordinal = TraceOf(id, row);
            (high, low) = (id.High, id.Low);
            Link(row, ordinal);
        }
    }

    /// <summary>Adds the given rows of a batch.</summary>
    public void Add(SpanBatch batch, ReadOnlySpan<int> rows)
    {
        _copier.From(batch, rows.Length);
        ReserveSpanSlots(rows.Length);
        foreach (var row in rows) AddCurrent(row);
    }

    /// <summary>Forgets everything, to be used anew, and keeps the memory. No snapshot of it may be in use.</summary>
    public void Clear()
    {
        Spans.Clear(int.MaxValue);
        TraceOrdinal.Truncate(0);
        NextRow.Truncate(0);
        TraceId.Truncate(0);
        FirstRow.Truncate(0);
        _lastRow.Truncate(0);
        Array.Clear(_traceSlots);
        Array.Clear(_spanSlots);
        _copier.Clear();
        _errorKey = _trueText = -1;
        _textsChecked = 0;
        _shapeHasError.Truncate(0);
        Array.Clear(_keys);
        _keyCount = 0;
        Duplicates = 0;
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
        var slot = FindSpanSlot(row, out var isKnown, out var other);
        // Rows of equal ids and times that differ elsewhere stand in the same chain of slots.
        while (isKnown && !SpanRows.HaveEqualContent(Spans, other, row)) slot = NextSpanSlot(slot, row, out isKnown, out other);
        if (isKnown)
        {
            Spans.Truncate(row);
            Duplicates++;
            return;
        }
        _spanSlots[slot] = row + 1;
        RefreshTexts();
        MarkError(row);
        Link(row, TraceOf(Spans.TraceId[row], row));
    }

    /// <summary>Puts a row at the end of its trace's chain.</summary>
    private void Link(int row, int ordinal)
    {
        TraceOrdinal.Add(ordinal);
        NextRow.Add(-1);
        if (FirstRow[ordinal] == row) return;
        NextRow.Items[_lastRow[ordinal]] = row;
        _lastRow.Items[ordinal] = row;
    }

    /// <summary>Puts the rows from <paramref name="first"/> on into the index of spans; when one is there already, none is, and the answer is false.</summary>
    private bool TryIndex(int first)
    {
        var count = Spans.RowCount - first;
        if (_hashes.Length < count) _hashes = new int[Math.Max(count, 2 * _hashes.Length)];
        var hashes = _hashes.AsSpan(0, count);
        for (var i = 0; i < count; i++)
        {
            hashes[i] = SpanHash(first + i);
            Prefetch.Of(ref _spanSlots[hashes[i] & (_spanSlots.Length - 1)]);
            Prefetch.Of(ref _traceSlots[TraceHash(Spans.TraceId[first + i]) & (_traceSlots.Length - 1)]);
        }
        for (var i = 0; i < count; i++)
        {
            var slot = SpanSlotFrom(hashes[i] & (_spanSlots.Length - 1), first + i, out var isKnown, out _);
            if (!isKnown)
            {
                _spanSlots[slot] = first + i + 1;
                continue;
            }
            // In the opposite order of their coming, no slot that is emptied stands before one that was filled later.
            while (--i >= 0) _spanSlots[SlotOf(first + i)] = 0;
            return false;
        }
        return true;
    }

    private int SlotOf(int row)
    {
        var mask = _spanSlots.Length - 1;
        var i = SpanHash(row) & mask;
        while (_spanSlots[i] != row + 1) i = (i + 1) & mask;
        return i;
    }

    /// <summary>Looks for the two texts when they may have come, and tells the new shapes that have the key <c>error</c> from the others, which are never looked at again.</summary>
    private void RefreshTexts()
    {
        var strings = Spans.Strings;
        if (_errorKey < 0 && strings.Count > _textsChecked) _errorKey = strings.Find("error"u8);
        if (_trueText < 0 && strings.Count > _textsChecked) _trueText = strings.Find("true"u8);
        _textsChecked = strings.Count;
        for (var shape = _shapeHasError.Count; shape < Spans.Shapes.Count; shape++)
        {
            var hasError = false;
            foreach (var member in Spans.Shapes[shape])
            {
                hasError |= ShapeTable.KeyOf(member) == _errorKey;
                CountKey(ShapeTable.KeyOf(member));
            }
            _shapeHasError.Add(hasError);
        }
    }

    private void CountKey(int key)
    {
        if (key >= _keys.Length * 64) Array.Resize(ref _keys, Math.Max(key / 64 + 1, 2 * _keys.Length));
        ref var word = ref _keys[key / 64];
        var bit = 1UL << (key % 64);
        if ((word & bit) != 0) return;
        word |= bit;
        _keyCount++;
    }

    private void MarkError(int row)
    {
        if (Spans.Status[row] != (int)SpanStatusCode.Error && !_shapeHasError[Spans.Shape[row]]) return;
        if (SpanRows.IsError(Spans, row, _errorKey, _trueText)) Spans.Marks.Items[row] |= (byte)SpanMarks.Error;
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

    /// <summary>The slot of a row with the same ids and times, or the free one where the row belongs.</summary>
    private int FindSpanSlot(int row, out bool isKnown, out int other) => SpanSlotFrom(SpanHash(row) & (_spanSlots.Length - 1), row, out isKnown, out other);

    private int NextSpanSlot(int slot, int row, out bool isKnown, out int other) => SpanSlotFrom((slot + 1) & (_spanSlots.Length - 1), row, out isKnown, out other);

    private int SpanSlotFrom(int slot, int row, out bool isKnown, out int other)
    {
        var traceId = Spans.TraceId[row];
        var spanId = Spans.SpanId[row];
        var slots = _spanSlots;
        for (var i = slot; ; i = (i + 1) & (slots.Length - 1))
        {
            other = slots[i] - 1;
            isKnown = other >= 0;
            if (!isKnown || (Spans.SpanId[other] == spanId && Spans.TraceId[other] == traceId)) return i;
        }
    }

    /// <summary>Makes room for rows that are to come: half of the slots stay free.</summary>
    private void ReserveSpanSlots(int more)
    {
        var needed = (Spans.RowCount + (long)more) * 2;
        if (needed <= _spanSlots.Length) return;
        var slots = new int[(int)BitOperations.RoundUpToPowerOf2((ulong)needed)];
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

    // The content is in it so that many spans under one id, which is valid input, do not make one long chain.
    private int SpanHash(int row)
    {
        var spans = Spans;
        var id = spans.TraceId[row];
        var hash = Fold(id.High ^ spans.SpanId[row] ^ SeedHigh, id.Low ^ SeedLow);
        hash = Fold(hash ^ spans.StartUnixNano[row], spans.EndUnixNano[row] ^ BitOperations.RotateLeft(SeedLow, 32));
        var first = spans.AttributeOffset[row];
        var values = spans.Attributes.Value.Items.AsSpan(first, spans.AttributeOffset[row + 1] - first);
        hash ^= ByteDictionary.Hash(MemoryMarshal.AsBytes(values)) ^ ((ulong)spans.Name[row] << 32) ^ (uint)spans.Shape[row];
        return (int)(hash & int.MaxValue);
    }

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}
