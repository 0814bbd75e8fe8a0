using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// Columns of attributes of the row group that is being written, and the dictionaries of the block, those of columns of texts, too. Values of texts come as numbers of a source; they get the ids of the
/// block's dictionaries a whole piece at a time, so that each distinct text of a piece is hashed once a column. One owner; not thread safe.
/// </summary>
/// <param name="tables">The tables of the block.</param>
/// <param name="pages">Where pages go.</param>
/// <param name="remembered">Texts that a dictionary remembers at most (<see cref="ColumnDictionary"/>).</param>
internal sealed class ValueColumns(BlockTablesBuilder tables, PageWriter pages, int remembered)
{
    /// <summary>Values for which a column keeps its buffer from block to block.</summary>
    private const int KeptValues = 1 << 16;

    private const int RowsAhead = 8;

    /// <summary>Values whose places are fetched from memory together.</summary>
    private const int AtOnce = 32;

    /// <summary>By index of the column; those from <see cref="_used"/> on are left of blocks before and wait with their buffers.</summary>
    private readonly List<AttributeValues> _attributes = [];
    private int _used;
    private readonly TextDictionary?[] _texts = NewTexts(remembered);
    private readonly List<int> _touched = [];
    private readonly List<int> _toConvert = [];
    private Column<byte> _body = new(0);
    private int[] _tokens = [];
    private int[] _ids = [];
    private int _token;
    private readonly UInt128[] _hashes = new UInt128[AtOnce];
    private int[] _owners = [];
    private int[] _places = [];
    private long[][] _items = [];

    private sealed class AttributeValues(int remembered)
    {
        public readonly ColumnDictionary Dictionary = new(remembered);
        public bool HasDictionary;
        public Column<long> Column = new(0);
        public int Converted;
        public long FirstFresh;
        public long Total;

        public void Begin(bool hasDictionary)
        {
            HasDictionary = hasDictionary;
            Dictionary.Clear();
            if (Column.Items.Length > KeptValues) Column = new Column<long>(0);
            Column.Truncate(0);
            (Converted, FirstFresh, Total) = (0, 0, 0);
        }
    }

    private sealed class TextDictionary(int remembered)
    {
        public readonly ColumnDictionary Dictionary = new(remembered);
        public long FirstFresh = 1;
    }

    private static TextDictionary?[] NewTexts(int remembered)
    {
        var texts = new TextDictionary?[BlockColumn.TraceIds];
        foreach (var column in (int[])[BlockColumn.StatusMessage, BlockColumn.TraceState, BlockColumn.EventName, BlockColumn.LinkTraceState, BlockColumn.TraceErrorType]) texts[column] = new TextDictionary(remembered);
        return texts;
    }

    /// <summary>True for the columns of texts that are no attributes.</summary>
    public bool IsText(int column) => _texts[column] is not null;

    /// <summary>The number of the first text that is new in the row group.</summary>
    public long FirstFreshText(int column) => Text(column).FirstFresh;

    private TextDictionary Text(int column) => _texts[column] ?? throw new ArgumentOutOfRangeException(nameof(column), column, "This column has no texts.");

    /// <summary>
    /// Adds the values of spans to the columns of their shapes, as <see cref="Add"/> does for one owner: counts first, so that room is made once a column and not once a value.
    /// </summary>
    /// <param name="shapes">The shapes, numbers of the block.</param>
    /// <param name="attributes">Where the values are.</param>
    /// <param name="firsts">By row of the source: its first value.</param>
    /// <param name="rows">The rows of the source.</param>
    public void AddSpans(ReadOnlySpan<long> shapes, AttributeColumns attributes, int[] firsts, ReadOnlySpan<int> rows)
    {
        if (_places.Length < tables.Columns.Count) (_places, _items) = (new int[tables.Columns.Count], new long[tables.Columns.Count][]);
        if (_owners.Length < tables.ShapeCount) _owners = new int[Math.Max(tables.ShapeCount, 2 * _owners.Length)];
        foreach (var shape in shapes) _owners[(int)shape]++;
        for (var shape = 0; shape < tables.ShapeCount; shape++)
        {
            if (_owners[shape] == 0) continue;
            foreach (var column in tables.ShapeColumns(shape)) _places[column] += _owners[shape];
            _owners[shape] = 0;
        }
        for (var column = 0; column < tables.Columns.Count; column++)
        {
            if (_places[column] == 0) continue;
            var values = column < _used ? _attributes[column] : Begin(column);
            if (values.Column.Count == values.Converted) Touch(column, values);
            var first = values.Column.Count;
            values.Column.Append(_places[column]);
            (_places[column], _items[column]) = (first, values.Column.Items);
        }
        var (from, items, places) = (attributes.Value.Items, _items, _places);
        for (var i = 0; i < rows.Length; i++)
        {
            // Rows lie in the order of their arrival: what one has is far from what the next has.
            if (i + RowsAhead < rows.Length && from.Length > 0) Prefetch.Of(ref from[Math.Min(firsts[rows[i + RowsAhead]], from.Length - 1)]);
            var columns = tables.ShapeColumns((int)shapes[i]);
            var values = from.AsSpan(firsts[rows[i]], columns.Length);
            for (var v = 0; v < values.Length; v++)
            {
                var column = columns[v];
                items[column][places[column]++] = values[v];
            }
        }
        Array.Clear(_places);
        Array.Clear(_items);
    }

    /// <summary>Adds the values of an owner of a shape to the columns of the shape; texts and blobs as numbers of a source, until <see cref="Convert(SpanBatch)"/>.</summary>
    public void Add(ReadOnlySpan<int> shape, ReadOnlySpan<long> values)
    {
        for (var i = 0; i < shape.Length; i++)
        {
            var column = shape[i] < _used ? _attributes[shape[i]] : Begin(shape[i]);
            if (column.Column.Count == column.Converted) Touch(shape[i], column);
            column.Column.Add(values[i]);
        }
    }

    /// <summary>Room for values at the end of a column of attributes, which the caller fills with numbers or ids of the column's dictionary.</summary>
    public Span<long> Append(int column, int count)
    {
        var values = column < _used ? _attributes[column] : Begin(column);
        if (values.Column.Count == 0) TouchFirst(column, values);
        var added = values.Column.Append(count);
        values.Converted = values.Column.Count;
        return added;
    }

    /// <summary>Appends a number, or an id of the column's dictionary, to a column of attributes.</summary>
    public void Append(int column, long value)
    {
        var values = column < _used ? _attributes[column] : Begin(column);
        if (values.Column.Count == 0) TouchFirst(column, values);
        values.Column.Add(value);
        values.Converted = values.Column.Count;
    }

    /// <summary>The dictionary of a column of attributes.</summary>
    public ColumnDictionary DictionaryOf(int column) => (column < _used ? _attributes[column] : Begin(column)).Dictionary;

    /// <summary>The dictionary of a column of texts.</summary>
    public ColumnDictionary TextsOf(int column) => Text(column).Dictionary;

    /// <summary>The id of a text in one of the dictionaries.</summary>
    public int IdOf(ColumnDictionary dictionary, ReadOnlySpan<byte> text, int blockColumn) => dictionary.IdOf(text, blockColumn, pages, ref _body);

    /// <summary>The id of a text in one of the dictionaries, which has been asked to <see cref="ColumnDictionary.Prepare"/> it.</summary>
    public int IdOf(ColumnDictionary dictionary, ReadOnlySpan<byte> text, UInt128 hash, int blockColumn) => dictionary.IdOf(text, hash, blockColumn, pages, ref _body);

    private void Touch(int index, AttributeValues values)
    {
        if (values.Column.Count == 0) TouchFirst(index, values);
        if (values.HasDictionary) _toConvert.Add(index);
        // Numbers are what they are: they count as converted, so that they are asked about once only.
        else values.Converted = -1;
    }

    private void TouchFirst(int index, AttributeValues values)
    {
        _touched.Add(index);
        values.FirstFresh = values.Dictionary.Count;
    }

    private AttributeValues Begin(int column)
    {
        for (; _used <= column; _used++)
        {
            if (_used == _attributes.Count) _attributes.Add(new AttributeValues(remembered));
            _attributes[_used].Begin(tables.Columns[_used].HasDictionary);
        }
        return _attributes[column];
    }

    /// <summary>Gives the texts and blobs that <see cref="Add"/> has added the ids of the block.</summary>
    public void Convert(SpanBatch source)
    {
        foreach (var index in _toConvert)
        {
            var values = _attributes[index];
            var texts = tables.Columns[index].Type == AttributeType.String ? source.Strings : source.Blobs;
            Convert(texts, values.Column.Items.AsSpan(values.Converted..values.Column.Count), values.Dictionary, BlockColumn.FirstAttribute + index, 0, false);
            values.Converted = values.Column.Count;
        }
        _toConvert.Clear();
    }

    /// <summary>
    /// Gives the last <paramref name="count"/> values of a column of texts, which are numbers of a source's strings, those of the block: one more than the id, and 0 for none (a negative number) and, where
    /// <paramref name="emptyIsNone"/>, for the empty text.
    /// </summary>
    public void ConvertTexts(int column, bool emptyIsNone, SpanBatch source, ref Column<long> values, int count)
    {
        var text = Text(column);
        if (values.Count == count) text.FirstFresh = text.Dictionary.Count + 1L;
        Convert(source.Strings, values.Items.AsSpan(values.Count - count, count), text.Dictionary, column, 1, emptyIsNone);
    }

    /// <summary>Says, before texts are appended to a column by their ids, that they are the first of the row group.</summary>
    public void BeginTexts(int column) => Text(column).FirstFresh = Text(column).Dictionary.Count + 1L;

    private void Convert(ByteDictionary texts, Span<long> values, ColumnDictionary dictionary, int column, int firstNumber, bool emptyIsNone)
    {
        if (_tokens.Length < texts.Count)
        {
            _tokens = new int[Math.Max(texts.Count, _tokens.Length * 2)];
            _ids = new int[_tokens.Length];
            _token = 0;
        }
        if (++_token == int.MaxValue)
        {
            Array.Clear(_tokens);
            _token = 1;
        }
        for (; values.Length > AtOnce; values = values[AtOnce..]) ConvertSome(texts, values[..AtOnce], dictionary, column, firstNumber, emptyIsNone);
        ConvertSome(texts, values, dictionary, column, firstNumber, emptyIsNone);
    }

    private void ConvertSome(ByteDictionary texts, Span<long> values, ColumnDictionary dictionary, int column, int firstNumber, bool emptyIsNone)
    {
        var (tokens, ids, token) = (_tokens, _ids, _token);
        var hashes = _hashes;
        for (var i = 0; i < values.Length; i++)
        {
            var id = (int)values[i];
            if (id >= 0 && tokens[id] != token) hashes[i] = dictionary.Prepare(texts[id]);
        }
        for (var i = 0; i < values.Length; i++)
        {
            var id = (int)values[i];
            if (id < 0)
            {
                values[i] = 0;
                continue;
            }
            if (tokens[id] != token)
            {
                tokens[id] = token;
                var text = texts[id];
                ids[id] = emptyIsNone && text.IsEmpty ? 0 : dictionary.IdOf(text, hashes[i], column, pages, ref _body) + firstNumber;
            }
            values[i] = ids[id];
        }
    }

    /// <summary>The pages of the row group's attributes; the columns are empty afterwards.</summary>
    public void WritePages(int rowGroup)
    {
        foreach (var index in _touched)
        {
            var values = _attributes[index];
            var column = BlockColumn.FirstAttribute + index;
            var type = tables.Columns[index].Type;
            if (values.HasDictionary) pages.Ids(column, rowGroup, values.Column.Span, values.FirstFresh);
            else if (type != AttributeType.Empty) pages.Numbers(column, rowGroup, values.Column.Span, type == AttributeType.Double ? NumberKind.Double : NumberKind.Plain);
            values.Total += values.Column.Count;
            values.Column.Truncate(0);
            values.Converted = 0;
        }
        _touched.Clear();
    }

    /// <summary>Writes the rest of the dictionaries and answers, by column of attributes, its values and the entries of its dictionary; makes ready for another block.</summary>
    public (long[] Values, int[] Entries) Finish()
    {
        var totals = new long[_used];
        var entries = new int[_used];
        for (var i = 0; i < _used; i++)
        {
            var values = _attributes[i];
            totals[i] = values.Total;
            if (!values.HasDictionary) continue;
            entries[i] = values.Dictionary.Count;
            values.Dictionary.Finish(BlockColumn.FirstAttribute + i, pages, ref _body);
        }
        for (var column = 0; column < _texts.Length; column++) _texts[column]?.Dictionary.Finish(column, pages, ref _body);
        Clear();
        return (totals, entries);
    }

    /// <summary>Forgets everything but the buffers.</summary>
    public void Clear()
    {
        _used = 0;
        foreach (var text in _texts) text?.Dictionary.Clear();
        _touched.Clear();
        _toConvert.Clear();
        if (_tokens.Length > 16 * KeptValues) (_tokens, _ids) = ([], []);
    }
}
