using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// The written block's numbers for those of a block that is merged into it: of tables, and of entries of dictionaries. Each is looked up when a row that stays asks for it first. One owner; not thread safe.
/// </summary>
internal sealed class BlockNumbers
{
    private const int AtOnce = 32;

    /// <summary>No id of an entry.</summary>
    private const long Unset = -1;

    private readonly BlockTables _from;
    private readonly BlockTablesBuilder _to;
    private readonly ValueColumns _values;
    private readonly DictionaryTexts _texts;
    private readonly DecodeBuffers _buffers;
    private readonly SourceNumbers _tables;
    private readonly int[] _operations;
    private readonly int[] _shapes;
    private readonly int[] _columns;
    private readonly int[]?[] _entries;
    private readonly List<int> _members = [];
    private readonly UInt128[] _hashes = new UInt128[AtOnce];

    /// <summary>Knows no number yet.</summary>
    public BlockNumbers(BlockTables from, DictionaryTexts texts, BlockTablesBuilder to, ValueColumns values, DecodeBuffers buffers)
    {
        (_from, _texts, _to, _values, _buffers) = (from, texts, to, values, buffers);
        _tables = new SourceNumbers(to);
        _tables.From(from.Batch);
        _operations = Unknown(from.Operations.Length);
        _shapes = Unknown(from.ShapeOffsets.Length - 1);
        _columns = Unknown(from.Columns.Length);
        _entries = new int[]?[BlockColumn.FirstAttribute + from.Columns.Length];
    }

    /// <summary>Memory of the numbers.</summary>
    public long HeldBytes { get; private set; }

    private static int[] Unknown(int count)
    {
        var numbers = new int[count];
        Array.Fill(numbers, -1);
        return numbers;
    }

    /// <summary>Operations of rows.</summary>
    public void Operations(ReadOnlySpan<long> from, Span<long> to)
    {
        for (var i = 0; i < from.Length; i++) to[i] = Operation((int)from[i]);
    }

    /// <summary>The operation.</summary>
    public int Operation(int number)
    {
        var known = _operations[number];
        return known >= 0 ? known : NewOperation(number);
    }

    private int NewOperation(int number)
    {
        var operation = _from.Operations[number];
        return _operations[number] = _to.Operation(_tables.String(operation.Service), _tables.String(operation.Name), operation.Kind, _tables.Scope(operation.Scope));
    }

    /// <summary>Resources of rows.</summary>
    public void Resources(ReadOnlySpan<long> from, Span<long> to)
    {
        for (var i = 0; i < from.Length; i++) to[i] = _tables.Resource((int)from[i]);
    }

    /// <summary>The resource.</summary>
    public int Resource(int number) => _tables.Resource(number);

    /// <summary>Shapes of owners.</summary>
    public void Shapes(ReadOnlySpan<long> from, Span<long> to)
    {
        for (var i = 0; i < from.Length; i++) to[i] = Shape((int)from[i]);
    }

    /// <summary>The shape.</summary>
    public int Shape(int number)
    {
        var known = _shapes[number];
        return known >= 0 ? known : NewShape(number);
    }

    private int NewShape(int number)
    {
        _members.Clear();
        foreach (var member in Members(number)) _members.Add(Column(member - BlockColumn.FirstAttribute));
        return _shapes[number] = _to.Shape(CollectionsMarshal.AsSpan(_members));
    }

    /// <summary>The columns of a shape here, <see cref="BlockColumn.FirstAttribute"/> and above.</summary>
    public ReadOnlySpan<int> Members(int shape) => _from.ShapeMembers.AsSpan(_from.ShapeOffsets[shape].._from.ShapeOffsets[shape + 1]);

    /// <summary>A value of a column of attributes, <see cref="BlockColumn.FirstAttribute"/> or above, of the block; <paramref name="toColumn"/> is the index of the column there.</summary>
    public long Value(int column, long value, out int toColumn)
    {
        var index = column - BlockColumn.FirstAttribute;
        toColumn = Column(index);
        if (!_from.Columns[index].HasDictionary) return value;
        var known = _entries[column] ?? AddEntries(column);
        if ((ulong)value < (ulong)known.Length && known[value] is >= 0 and var number) return number;
        return NewEntry(column, value, known, _values.DictionaryOf(toColumn), BlockColumn.FirstAttribute + toColumn);
    }

    /// <summary>What the block says of a column of attributes, <see cref="BlockColumn.FirstAttribute"/> or above, here.</summary>
    public AttributeColumn ColumnFacts(int column) => _from.Columns[column - BlockColumn.FirstAttribute];

    /// <summary>The key of such a column.</summary>
    public ReadOnlySpan<byte> Key(int column) => _from.Batch.Strings[ColumnFacts(column).Key];

    /// <summary>The text of an entry of a dictionary.</summary>
    public ReadOnlySpan<byte> Text(int column, long id) => _texts.Entry(column, id);

    /// <summary>The index of a column of attributes.</summary>
    public int Column(int index)
    {
        ref var known = ref _columns[index];
        if (known >= 0) return known;
        var column = _from.Columns[index];
        return known = _to.Column(column.Owner, _tables.String(column.Key), column.Type);
    }

    /// <summary>Ids of the entries of a dictionary, which begin at <paramref name="firstNumber"/> here and there; what is below stays as it is.</summary>
    /// <exception cref="CorruptDataException">There is no such entry, or it cannot be read.</exception>
    public void Entries(int column, int firstNumber, ReadOnlySpan<long> from, Span<long> to, ColumnDictionary dictionary, int toColumn)
    {
        var known = _entries[column] ?? AddEntries(column);
        for (; from.Length > AtOnce; from = from[AtOnce..], to = to[AtOnce..]) SomeEntries(column, firstNumber, from[..AtOnce], to, known, dictionary, toColumn);
        SomeEntries(column, firstNumber, from, to, known, dictionary, toColumn);
    }

    /// <summary>Looks at what is new twice, so that dictionaries larger than the processor's cache are waited for together.</summary>
    private void SomeEntries(int column, int firstNumber, ReadOnlySpan<long> from, Span<long> to, int[] known, ColumnDictionary dictionary, int toColumn)
    {
        var hashes = _hashes;
        var fresh = 0;
        for (var i = 0; i < from.Length; i++)
        {
            var id = from[i] - firstNumber;
            if (id < 0) to[i] = from[i];
            else if ((ulong)id < (ulong)known.Length && known[id] is >= 0 and var number) to[i] = number + firstNumber;
            else
            {
                to[i] = Unset;
                hashes[fresh++] = dictionary.Prepare(_texts.Entry(column, id));
            }
        }
        if (fresh == 0) return;
        fresh = 0;
        for (var i = 0; i < from.Length; i++)
        {
            var id = from[i] - firstNumber;
            if (to[i] != Unset) continue;
            // It may have come since, with an earlier row of these.
            var number = known[id];
            if (number < 0) known[id] = number = _values.IdOf(dictionary, _texts.Entry(column, id), hashes[fresh], toColumn);
            to[i] = number + firstNumber;
            fresh++;
        }
    }

    /// <summary>The id of an entry of a dictionary.</summary>
    /// <exception cref="CorruptDataException">There is no such entry, or it cannot be read.</exception>
    public int Entry(int column, long id, ColumnDictionary dictionary, int toColumn)
    {
        var known = _entries[column] ?? AddEntries(column);
        return (ulong)id < (ulong)known.Length && known[id] is >= 0 and var number ? number : NewEntry(column, id, known, dictionary, toColumn);
    }

    private int NewEntry(int column, long id, int[] known, ColumnDictionary dictionary, int toColumn)
    {
        var text = _texts.Entry(column, id);
        return known[id] = _values.IdOf(dictionary, text, toColumn);
    }

    private int[] AddEntries(int column)
    {
        var count = checked((int)_texts.Count(column));
        var known = _buffers.Ints.Take(count);
        Array.Fill(known, -1, 0, count);
        _entries[column] = known;
        HeldBytes += known.Length * 4L;
        return known;
    }

    /// <summary>Forgets everything: no row comes any more.</summary>
    public void Clear()
    {
        foreach (var known in _entries)
        {
            if (known is not null) _buffers.Ints.Give(known);
        }
        Array.Clear(_entries);
        HeldBytes = 0;
    }
}
