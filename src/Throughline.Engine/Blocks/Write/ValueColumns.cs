using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// Columns whose values have a dictionary, and columns of attributes, of the row group that is being written. Values come piece by piece from source batches, and their texts get the ids of the block's
/// dictionaries when a piece ends, column after column: each distinct text of a piece is then hashed once a column. One owner; not thread safe.
/// </summary>
internal sealed class ValueColumns(BlockTablesBuilder tables)
{
    /// <summary>By index of the column; those from <see cref="_used"/> on are left of blocks before and wait with their buffers.</summary>
    private readonly List<Values> _attributes = [];
    private int _used;
    private readonly Dictionary<int, ColumnDictionary> _textDictionaries = [];
    private readonly List<int> _touched = [];
    private readonly List<int> _touchedByPiece = [];
    private Column<byte> _body = new(0);
    private int[] _tokens = [];
    private int[] _ids = [];
    private int _token;

    /// <summary>Values for which a column keeps its buffer from block to block.</summary>
    private const int KeptValues = 1 << 16;

    private sealed class Values
    {
        public readonly ColumnDictionary Dictionary = new();
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

    /// <summary>Adds the values of an owner of a shape to the columns of the shape.</summary>
    public void Add(ReadOnlySpan<int> shape, AttributeColumns attributes, int first)
    {
        for (var i = 0; i < shape.Length; i++)
        {
            while (_used <= shape[i]) AddColumn();
            var values = _attributes[shape[i]];
            if (values.Column.Count == values.Converted) Touch(shape[i], values);
            values.Column.Add(attributes.Value[first + i]);
        }
    }

    private void Touch(int column, Values values)
    {
        if (values.Column.Count == 0) _touched.Add(column);
        if (values.HasDictionary) _touchedByPiece.Add(column);
    }

    private void AddColumn()
    {
        if (_used == _attributes.Count) _attributes.Add(new Values());
        _attributes[_used].Begin(tables.Columns[_used].Type is AttributeType.String or AttributeType.Bytes or AttributeType.Array or AttributeType.KvList);
        _used++;
    }

    /// <summary>Turns the source's numbers of texts and blobs that were added since the last call into ids of the block.</summary>
    public void EndPiece(SpanBatch source, PageWriter pages)
    {
        foreach (var index in _touchedByPiece)
        {
            var values = _attributes[index];
            if (values.Converted == 0) values.FirstFresh = values.Dictionary.Count;
            var texts = tables.Columns[index].Type == AttributeType.String ? source.Strings : source.Blobs;
            Convert(texts, values.Column.Items.AsSpan(values.Converted..values.Column.Count), values.Dictionary, BlockColumn.FirstAttribute + index, 0, false, pages);
            values.Converted = values.Column.Count;
        }
        _touchedByPiece.Clear();
    }

    /// <summary>The pages of the row group's attributes; the columns are empty afterwards.</summary>
    public void WritePages(int rowGroup, PageWriter pages)
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

    /// <summary>
    /// Replaces a source's numbers of strings by those of a column's dictionary, one more than the id, and 0 for none (a negative number) and, where <paramref name="emptyIsNone"/>, for the empty
    /// text. Answers the number that the first new text got.
    /// </summary>
    public long ConvertTexts(int column, bool emptyIsNone, SpanBatch source, Span<long> values, PageWriter pages)
    {
        ref var dictionary = ref CollectionsMarshal.GetValueRefOrAddDefault(_textDictionaries, column, out _);
        dictionary ??= new ColumnDictionary();
        var first = dictionary.Count + 1L;
        Convert(source.Strings, values, dictionary, column, 1, emptyIsNone, pages);
        return first;
    }

    private void Convert(ByteDictionary texts, Span<long> values, ColumnDictionary dictionary, int column, int firstNumber, bool emptyIsNone, PageWriter pages)
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
        var (tokens, ids, token) = (_tokens, _ids, _token);
        foreach (ref var value in values)
        {
            var id = (int)value;
            if (id < 0)
            {
                value = 0;
                continue;
            }
            if (tokens[id] != token)
            {
                tokens[id] = token;
                var text = texts[id];
                ids[id] = emptyIsNone && text.IsEmpty ? 0 : dictionary.IdOf(text, column, pages, ref _body) + firstNumber;
            }
            value = ids[id];
        }
    }

    /// <summary>Writes the rest of the dictionaries and answers, by column of attributes, its values and the entries of its dictionary; makes ready for another block.</summary>
    public (long[] Values, int[] Entries) Finish(PageWriter pages)
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
        foreach (var (column, dictionary) in _textDictionaries) dictionary.Finish(column, pages, ref _body);
        Clear();
        return (totals, entries);
    }

    /// <summary>Forgets everything but the buffers.</summary>
    public void Clear()
    {
        _used = 0;
        foreach (var dictionary in _textDictionaries.Values) dictionary.Clear();
        _touched.Clear();
        _touchedByPiece.Clear();
        if (_tokens.Length > 16 * KeptValues) (_tokens, _ids) = ([], []);
    }
}
