using System.Numerics;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// The values of one attribute column of a row group, read when they are asked for; its dictionary is asked first, so that values whose texts do not match are not read. Values lie class by class.
/// </summary>
internal sealed class LogValueColumn(LogRowGroup group, int column) : ValueColumn
{
    /// <summary>In place of a column: all texts among the values of rare columns.</summary>
    public const int RareTexts = -1;

    private bool IsRare => column == RareTexts || group.TableSet.Columns[column].IsRare;

    private LogDictionary? _dictionary;
    private (NumberVector Values, int[] Owners)? _read;

    public override AttributeType Type => column == RareTexts ? AttributeType.String : ShapeTable.TypeOf(group.TableSet.Columns[column].Member);

    public override EntryDictionary? Dictionary => LogTables.IsBytes(Type) ? _dictionary ??= new LogDictionary(EntriesOf(group, column, Type), IsRare && Type != AttributeType.String) : null;

    public override NumberVector Values => Read().Values;

    public override int[] Owners => Read().Owners;

    public override bool TryGetBounds(out long smallest, out long largest)
    {
        (smallest, largest) = (0, 0);
        // Asking the dictionary does not depend on the bounds.
        return Dictionary is not null;
    }

    public override void MarkAll(Span<ulong> owners)
    {
        foreach (var owner in Owners) RowBits.Set(owners, owner);
    }

    public override void Mark(ReadOnlySpan<ulong> values, Span<ulong> owners)
    {
        var rows = Owners;
        for (var word = 0; word < values.Length; word++)
        {
            for (var left = values[word]; left != 0; left &= left - 1) RowBits.Set(owners, rows[(word << 6) + BitOperations.TrailingZeroCount(left)]);
        }
    }

    private (NumberVector Values, int[] Owners) Read() => _read ??= IsRare ? ReadRare() : (ValuesOf(group, column), ReadOwners());

    private int[] ReadOwners()
    {
        var (tables, byClass) = (group.TableSet, group.ByClass);
        List<int> owners = [];
        for (var c = 0; c < tables.Classes.Length; c++)
        {
            var times = tables.ColumnsOfShapes[tables.Classes[c].Shape].AsSpan().Count(column);
            if (times == 0) continue;
            for (var place = byClass.Start[c]; place < byClass.Start[c + 1]; place++)
            {
                for (var i = 0; i < times; i++) owners.Add(byClass.Rows[place]);
            }
        }
        return [.. owners];
    }

    private (NumberVector Values, int[] Owners) ReadRare()
    {
        var (tables, byClass) = (group.TableSet, group.ByClass);
        var starts = StartsOf(group, RareTexts);
        var all = ValuesOf(group, RareTexts);
        List<ulong> values = [];
        List<int> owners = [];
        for (var c = 0; c < tables.Classes.Length; c++)
        {
            var place = starts[c];
            if (place == starts[c + 1]) continue;
            for (var at = byClass.Start[c]; at < byClass.Start[c + 1]; at++)
            {
                foreach (var member in tables.ColumnsOfShapes[tables.Classes[c].Shape])
                {
                    if (!tables.Columns[member].IsRare) continue;
                    if (column == RareTexts ? ShapeTable.TypeOf(tables.Columns[member].Member) == AttributeType.String : member == column)
                    {
                        values.Add(all[place]);
                        owners.Add(byClass.Rows[at]);
                    }
                    place++;
                }
            }
        }
        var (smallest, largest) = (long.MaxValue, long.MinValue);
        foreach (var value in values) (smallest, largest) = (Math.Min(smallest, (long)value), Math.Max(largest, (long)value));
        ulong[] found = [.. values];
        return (found.Length == 0 ? NumberVector.Constant(0, 0) : NumberVector.Narrowed(found, (ulong)smallest, (ulong)largest - (ulong)smallest), [.. owners]);
    }

    private static bool IsIn(RowGroupTables tables, int member, int column) => column == RareTexts ? tables.Columns[member].IsRare : member == column;

    /// <summary>By class: where its values of a column begin; behind the last class, where they end.</summary>
    private static int[] StartsOf(LogRowGroup group, int column)
    {
        var page = column == RareTexts ? LogColumn.RareValues : LogColumn.FirstAttribute + 2 * column;
        return group.Cached(page, CachedForm.Offsets, () =>
        {
            var (tables, byClass) = (group.TableSet, group.ByClass);
            var ofShape = Array.ConvertAll(tables.ColumnsOfShapes, s => s.Count(m => IsIn(tables, m, column)));
            var starts = new int[tables.Classes.Length + 1];
            for (var c = 0; c < tables.Classes.Length; c++) starts[c + 1] = starts[c] + ofShape[tables.Classes[c].Shape] * (byClass.Start[c + 1] - byClass.Start[c]);
            return starts;
        }, static s => s.LongLength * 4);
    }

    /// <summary>Where the value of a row's attribute lies in its column, by its place among the row's attributes; the column is <see cref="RareTexts"/> for all rare ones.</summary>
    public static int PlaceOf(LogRowGroup group, int row, int member, out int column)
    {
        var (tables, byClass) = (group.TableSet, group.ByClass);
        var c = (int)group.Classes[row];
        var place = tables.PlacesOfShapes[tables.Classes[c].Shape][member];
        column = place.Column;
        return StartsOf(group, column)[c] + (byClass.Places[row] - byClass.Start[c]) * place.Times + place.Before;
    }

    /// <summary>All values of a column, or of all rare ones.</summary>
    public static NumberVector ValuesOf(LogRowGroup group, int column)
    {
        var page = column == RareTexts ? LogColumn.RareValues : LogColumn.FirstAttribute + 2 * column;
        return group.Numbers(page, StartsOf(group, column)[^1]);
    }

    /// <summary>The texts or bytes that a column's values number.</summary>
    public static ColumnEntries EntriesOf(LogRowGroup group, int column, AttributeType type) => column != RareTexts && !group.TableSet.Columns[column].IsRare
        ? group.AttributeEntries(LogColumn.FirstAttribute + 2 * column + 1, StartsOf(group, column)[^1])
        : group.Entries(type == AttributeType.String ? LogColumn.RareStrings : LogColumn.RareBlobs);
}

/// <summary>
/// A dictionary of a row group, of which all entries are asked at once, many bytes at a time; one that columns of several types share is asked only for what a value names, since a question
/// about lists has no answer for bytes. Immutable; thread safe.
/// </summary>
internal sealed class LogDictionary(ColumnEntries entries, bool isShared) : EntryDictionary
{
    public override int Count => entries.Count;

    public override string Text(long number)
    {
        byte[] buffer = [];
        return System.Text.Encoding.UTF8.GetString(entries.Read((int)number, ref buffer));
    }

    public override EntryAnswers Ask(EntryTest test)
    {
        if (isShared) return new SharedAnswers(entries, test);
        var chosen = new ulong[RowBits.Words(entries.Count)];
        entries.Mark(test, chosen);
        return new Answers(chosen);
    }

    private sealed class Answers(ulong[] chosen) : EntryAnswers
    {
        private readonly bool _any = !RowBits.IsEmpty(chosen);

        public override long MemoryBytes => chosen.LongLength * 8;

        public override bool Prepare(long smallest, long largest) => _any;

        public override void Keep(NumberVector values, Span<ulong> places) => SetScan.And(values, chosen, places);

        public override bool Any() => _any;
    }

    private sealed class SharedAnswers(ColumnEntries entries, EntryTest test) : EntryAnswers
    {
        public override long MemoryBytes => 0;

        public override bool Prepare(long smallest, long largest) => entries.Count > 0;

        public override void Keep(NumberVector values, Span<ulong> places)
        {
            byte[] buffer = [];
            for (var i = 0; i < values.Count; i++)
            {
                if (RowBits.Has(places, i) && !test.Holds(entries.Read((int)values[i], ref buffer))) places[i >> 6] &= ~(1ul << i);
            }
        }

        public override bool Any() => throw new NotSupportedException("What the values are is not known here.");
    }
}
