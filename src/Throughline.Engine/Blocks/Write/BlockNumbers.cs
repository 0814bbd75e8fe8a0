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
    private readonly BlockTables _from;
    private readonly BlockTablesBuilder _to;
    private readonly ValueColumns _values;
    private readonly DictionaryTexts _texts;
    private readonly SourceNumbers _tables;
    private readonly int[] _operations;
    private readonly int[] _shapes;
    private readonly int[] _columns;
    private readonly Dictionary<int, int[]> _entries = [];
    private readonly List<int> _members = [];

    /// <summary>Knows no number yet.</summary>
    public BlockNumbers(BlockTables from, DictionaryTexts texts, BlockTablesBuilder to, ValueColumns values)
    {
        (_from, _texts, _to, _values) = (from, texts, to, values);
        _tables = new SourceNumbers(to);
        _tables.From(from.Batch);
        _operations = Unknown(from.Operations.Length);
        _shapes = Unknown(from.ShapeOffsets.Length - 1);
        _columns = Unknown(from.Columns.Length);
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
        for (var i = 0; i < from.Length; i++)
        {
            var known = _operations[(int)from[i]];
            to[i] = known >= 0 ? known : Operation((int)from[i]);
        }
    }

    private int Operation(int number)
    {
        var operation = _from.Operations[number];
        return _operations[number] = _to.Operation(_tables.String(operation.Service), _tables.String(operation.Name), operation.Kind, _tables.Scope(operation.Scope));
    }

    /// <summary>Resources of rows.</summary>
    public void Resources(ReadOnlySpan<long> from, Span<long> to)
    {
        for (var i = 0; i < from.Length; i++) to[i] = _tables.Resource((int)from[i]);
    }

    /// <summary>Shapes of owners.</summary>
    public void Shapes(ReadOnlySpan<long> from, Span<long> to)
    {
        for (var i = 0; i < from.Length; i++)
        {
            var known = _shapes[(int)from[i]];
            to[i] = known >= 0 ? known : Shape((int)from[i]);
        }
    }

    private int Shape(int number)
    {
        _members.Clear();
        foreach (var member in _from.ShapeMembers.AsSpan(_from.ShapeOffsets[number].._from.ShapeOffsets[number + 1])) _members.Add(Column(member - BlockColumn.FirstAttribute));
        return _shapes[number] = _to.Shape(CollectionsMarshal.AsSpan(_members));
    }

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
        if (!_entries.TryGetValue(column, out var known)) known = AddEntries(column);
        for (var i = 0; i < from.Length; i++)
        {
            var id = from[i] - firstNumber;
            if (id < 0)
            {
                to[i] = from[i];
                continue;
            }
            var number = (ulong)id < (ulong)known.Length ? known[id] : -1;
            if (number < 0)
            {
                var text = _texts.Entry(column, id);
                known[id] = number = _values.IdOf(dictionary, text, toColumn);
            }
            to[i] = number + firstNumber;
        }
    }

    private int[] AddEntries(int column)
    {
        var known = Unknown(checked((int)_texts.Count(column)));
        _entries.Add(column, known);
        HeldBytes += known.Length * 4L;
        return known;
    }

    /// <summary>Forgets everything: no row comes any more.</summary>
    public void Clear()
    {
        _entries.Clear();
        HeldBytes = 0;
    }
}
