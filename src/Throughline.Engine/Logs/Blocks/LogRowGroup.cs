using System.Buffers;
using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>A row group of an open block: columns are decoded when they are asked for, and kept in the store's page cache.</summary>
internal sealed class LogRowGroup(LogBlock block, int rowGroup) : LogPart
{
    private LogRowGroupFacts Facts => block.RowGroups[rowGroup];

    /// <summary>The block's name, for messages.</summary>
    public string Name => block.Pages.Name;

    public override int Rows => Facts.Rows;

    public override ulong FirstAt => Facts.FirstAt;

    public override ulong LastAt => Facts.LastAt;

    public override ulong FirstSequence => Facts.FirstSequence;

    public override ulong LastSequence => Facts.LastSequence;

    public override long[] LevelCounts => Facts.Levels;

    public override IReadOnlyList<LogService> Services => Facts.Services;

    public override bool IsSorted => true;

    public override bool MayHave(TraceId traceId) => block.MayHave(rowGroup, traceId);

    public override LogTables Tables => TableSet.Tables;

    public override NumberVector At => RowNumbers(LogColumn.At);

    public override ReadOnlySpan<LogClass> ClassTable => TableSet.Classes;

    public override NumberVector Classes => Cached(LogColumn.Class, CachedForm.Numbers, ReadClasses, static v => v.MemoryBytes);

    public override NumberVector Sequence => Cached(LogColumn.Sequence, CachedForm.Derived, ReadSequence, static v => v.MemoryBytes);

    public override NumberVector Spans => SpanSet.OfRow;

    public override ReadOnlySpan<LogSpan> SpanTable => SpanSet.Table;

    public override ulong Observed(int row) => ClassTable[(int)Classes[row]].IsUnobserved ? 0 : At[row] + RowNumbers(LogColumn.Observed)[row];

    /// <summary>Tables with the columns of attributes.</summary>
    public RowGroupTables TableSet => Cached(LogColumn.Tables, CachedForm.Derived, () => RowGroupTables.Read(this), static t => t.MemoryBytes);

    /// <summary>Rows grouped by class.</summary>
    public RowsByClass ByClass => Cached(LogColumn.Class, CachedForm.Derived, () => RowsByClass.Of(this), static r => r.MemoryBytes);

    /// <summary>The bodies.</summary>
    public BodyColumn Bodies => new(this);

    private LogSpans SpanSet => Cached(LogColumn.Span, CachedForm.Derived, ReadSpans, static s => s.MemoryBytes);

    /// <summary>A decoded thing, from the cache or made now.</summary>
    public T Cached<T>(int column, CachedForm form, Func<T> make, Func<T, long> bytes)
        where T : class
    {
        var key = new CacheKey(block.Number, rowGroup, column, 0, form);
        if (block.Cache.Find<T>(key) is { } found) return found;
        var made = make();
        block.Cache.Keep(key, made, bytes(made));
        return made;
    }

    /// <summary>Numbers of all rows as they are stored.</summary>
    public NumberVector RowNumbers(int column) => Numbers(column, Rows);

    /// <summary>The numbers of a column of so many; 0 everywhere where there is no page.</summary>
    public NumberVector Numbers(int column, int count) => Cached(column, CachedForm.Numbers, () => ReadNumbers(column, count), static v => v.MemoryBytes);

    private NumberVector ReadNumbers(int column, int count)
    {
        if (!TryPage(column, out var page)) return NumberVector.Constant(0, count);
        Require(page.Count == count, page, $"{count} values", $"{page.Count}");
        return block.Pages.Read(page, Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) =>
        {
            // Fresh memory for each would cost more than decoding.
            var rented = ArrayPool<long>.Shared.Rent(e.Count);
            try
            {
                var values = rented.AsSpan(0, e.Count);
                NumberDecoder.Decode(e, body, 0, values, name);
                if (e.Column == LogColumn.At) return NumberVector.Narrowed(MemoryMarshal.Cast<long, ulong>(values));
                var (smallest, largest) = (long.MaxValue, long.MinValue);
                foreach (var value in values) (smallest, largest) = (Math.Min(smallest, value), Math.Max(largest, value));
                return values.IsEmpty ? NumberVector.Constant(0, 0) : NumberVector.Narrowed(MemoryMarshal.Cast<long, ulong>(values), (ulong)smallest, (ulong)largest - (ulong)smallest);
            }
            finally
            {
                ArrayPool<long>.Shared.Return(rented);
            }
        });
    }

    /// <summary>The entries of the dictionary of an attribute column, in the form in which they are stored; none where there is no page.</summary>
    /// <param name="column">The dictionary's page.</param>
    /// <param name="values">Values of the column: there are no more entries than these.</param>
    public ColumnEntries AttributeEntries(int column, int values) => Cached<ColumnEntries>(column, CachedForm.Entries, () => ReadColumnEntries(column, values), static e => e.MemoryBytes);

    private ColumnEntries ReadColumnEntries(int column, int values)
    {
        if (!TryPage(column, out var page) || page.Encoding != PageEncoding.Bytes) return ReadEntries(column);
        var (bytes, offset) = ReadBytes(column);
        return SplitEntries.Parse(bytes, values, Name, offset);
    }

    /// <summary>The entries of a dictionary that is stored as it is; none where there is no page.</summary>
    public EntryTexts Entries(int column) => Cached(column, CachedForm.Entries, () => ReadEntries(column), static e => e.MemoryBytes);

    private EntryTexts ReadEntries(int column) => !TryPage(column, out var page) ? EntryTexts.None : block.Pages.Read(page, Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) =>
    {
        var (bytes, ends) = DictionaryPage.Decode(e, body, name);
        return new EntryTexts(bytes, ends);
    });

    /// <summary>A page of bytes, with where it lies.</summary>
    public (byte[] Bytes, long Offset) ReadBytes(int column) =>
        TryPage(column, out var page) ? (block.Pages.Read(page, 0, static (in PageEntry _, ReadOnlySpan<byte> body, int _) => body.ToArray()), page.Offset) : ([], 0);

    private T[] ReadRaw<T>(int column)
        where T : unmanaged
    {
        if (!TryPage(column, out var page)) return [];
        var values = block.Pages.Read(page, 0, static (in PageEntry _, ReadOnlySpan<byte> body, int _) => MemoryMarshal.Cast<byte, T>(body).ToArray());
        Require(values.Length == page.Count, page, $"{page.Count} values", $"{values.Length}");
        return values;
    }

    private bool TryPage(int column, out PageEntry page)
    {
        var pages = block.Directory.Of(rowGroup, column);
        page = pages.IsEmpty ? default : pages[0];
        return !pages.IsEmpty;
    }

    /// <summary>Where a column's page begins, for messages.</summary>
    public long OffsetOf(int column) => TryPage(column, out var page) ? page.Offset : 0;

    private void Require(bool holds, in PageEntry page, string expected, string found)
    {
        if (!holds) throw new CorruptDataException(Name, page.Offset, expected, found);
    }

    private NumberVector ReadClasses()
    {
        var classes = ReadNumbers(LogColumn.Class, Rows);
        var count = (ulong)TableSet.Classes.Length;
        TryPage(LogColumn.Class, out var page);
        for (var row = 0; row < Rows; row++) Require(classes[row] < count, page, $"a class below {count}", $"{classes[row]}");
        return classes;
    }

    private NumberVector ReadSequence()
    {
        var differences = RowNumbers(LogColumn.Sequence);
        var (classes, tables) = (Classes, TableSet);
        var expected = new ulong[tables.Tables.Resources.Count];
        Array.Fill(expected, FirstSequence);
        var values = new ulong[Rows];
        for (var row = 0; row < values.Length; row++)
        {
            ref var next = ref expected[tables.Classes[(int)classes[row]].Resource];
            values[row] = next + differences[row];
            next = values[row] + 1;
        }
        return NumberVector.Narrowed(values);
    }

    private LogSpans ReadSpans()
    {
        var (ids, traceIds, codes) = (ReadRaw<ulong>(LogColumn.SpanIds), ReadRaw<TraceId>(LogColumn.TraceIds), RowNumbers(LogColumn.Span));
        TryPage(LogColumn.SpanIds, out var page);
        var traces = Numbers(LogColumn.SpanTrace, ids.Length);
        var table = new LogSpan[ids.Length];
        for (var i = 0; i < table.Length; i++)
        {
            Require(traces[i] < (ulong)traceIds.Length, page, $"a trace below {traceIds.Length}", $"{traces[i]}");
            table[i] = new LogSpan(traceIds[(int)traces[i]], ids[i]);
        }
        var numbers = new ulong[Rows];
        var fresh = 0ul;
        for (var row = 0; row < numbers.Length; row++)
        {
            var code = codes[row];
            numbers[row] = code == 0 ? fresh++ : fresh - code;
            Require(numbers[row] < (ulong)table.Length, page, $"a span below {table.Length}", $"{numbers[row]}");
        }
        return new LogSpans(NumberVector.Narrowed(numbers), table);
    }

    private sealed record LogSpans(NumberVector OfRow, LogSpan[] Table)
    {
        public long MemoryBytes => OfRow.MemoryBytes + Table.LongLength * 24;
    }

    public override IReadOnlyList<ValueColumn> Attribute(int key)
    {
        List<ValueColumn> columns = [];
        var tables = TableSet;
        for (var column = 0; column < tables.Columns.Length; column++)
        {
            if (ShapeTable.KeyOf(tables.Columns[column].Member) == key) columns.Add(new LogValueColumn(this, column));
        }
        return columns;
    }

    public override IEnumerable<ValueColumn> Texts()
    {
        var tables = TableSet;
        var hasRare = false;
        for (var column = 0; column < tables.Columns.Length; column++)
        {
            if (ShapeTable.TypeOf(tables.Columns[column].Member) != AttributeType.String) continue;
            if (tables.Columns[column].IsRare) hasRare = true;
            else yield return new LogValueColumn(this, column);
        }
        if (hasRare) yield return new LogValueColumn(this, LogValueColumn.RareTexts);
    }

    public override void MarkBodies(LogNeedle needle, ReadOnlySpan<ulong> candidates, Span<ulong> found, IReadBounds bounds) => Bodies.Mark(needle, candidates, found, bounds);

    public override ReadOnlySpan<byte> Body(int row, ref byte[] buffer) => Bodies.Read(row, ref buffer);

    public override long Number(int row, int member)
    {
        var place = LogValueColumn.PlaceOf(this, row, member, out var column);
        return (long)LogValueColumn.ValuesOf(this, column)[place];
    }

    public override ReadOnlySpan<byte> Bytes(int row, int member, ref byte[] buffer)
    {
        var place = LogValueColumn.PlaceOf(this, row, member, out var column);
        var id = LogValueColumn.ValuesOf(this, column)[place];
        var type = ShapeTable.TypeOf(Tables.Shapes[ClassTable[(int)Classes[row]].Shape][member]);
        var entries = LogValueColumn.EntriesOf(this, column, type);
        if (id >= (ulong)entries.Count) throw new CorruptDataException(Name, OffsetOf(LogColumn.FirstAttribute + 2 * column), $"an entry below {entries.Count}", $"{id}");
        return entries.Read((int)id, ref buffer);
    }
}
