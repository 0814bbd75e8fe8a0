using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// The bodies of a row group on their way to its pages: each distinct body is split once, and templates that hardly any row has are given up, since a template of its own costs more than the
/// text. One owner; not thread safe.
/// </summary>
internal sealed class BodyColumnBuilder
{
    /// <summary>Rows that a template has to have.</summary>
    private const int FewestRows = 3;

    private static readonly byte[] TextTemplate = [(byte)BodySlot.Text];

    private readonly BodySplitter _splitter = new();
    private ByteDictionary _templates = new();
    private ByteDictionary _words = new();
    private ByteDictionary _texts = new();
    private Column<long> _values = new(0);
    private Column<byte> _page = new(0);
    private Column<byte> _numbers = new(0);
    private int[] _templateOfBody = [];
    private int[] _valuesOfBody = [];
    private int[] _uses = [];

    /// <summary>Number of templates, of which some may have no rows.</summary>
    public int TemplateCount => _templates.Count;

    /// <summary>By body (an id of the chunk's strings): its template.</summary>
    public int TemplateOf(int body) => _templateOfBody[body];

    /// <summary>Splits the bodies of all rows.</summary>
    public void Split(LogChunk chunk)
    {
        (_templates, _words, _texts) = (new ByteDictionary(_templates.Count * 2), new ByteDictionary(_words.Count * 2), new ByteDictionary(_texts.Count * 2));
        _values.Truncate(0);
        var strings = chunk.Tables.Strings;
        if (_templateOfBody.Length < strings.Count) (_templateOfBody, _valuesOfBody) = (new int[strings.Count], new int[strings.Count]);
        _templateOfBody.AsSpan(0, strings.Count).Fill(-1);
        var whole = _templates.GetOrAdd(TextTemplate);
        foreach (var body in chunk.Body.Span)
        {
            if (_templateOfBody[body] < 0) SplitOne(strings[body], body, whole);
        }
        GiveUpRareTemplates(chunk, whole);
    }

    private void SplitOne(ReadOnlySpan<byte> text, int body, int whole)
    {
        _valuesOfBody[body] = _values.Count;
        if (!_splitter.TrySplit(text))
        {
            _templateOfBody[body] = whole;
            _values.Add(_texts.GetOrAdd(text));
            return;
        }
        _templateOfBody[body] = _templates.GetOrAdd(_splitter.Template);
        var first = _values.Count;
        _values.AddRange(_splitter.Values);
        foreach (var (slot, start, length) in _splitter.Words) _values.Items[first + slot] = _words.GetOrAdd(text.Slice(start, length));
    }

    private void GiveUpRareTemplates(LogChunk chunk, int whole)
    {
        if (_uses.Length < _templates.Count) _uses = new int[_templates.Count];
        _uses.AsSpan(0, _templates.Count).Clear();
        foreach (var body in chunk.Body.Span) _uses[_templateOfBody[body]]++;
        foreach (var body in chunk.Body.Span)
        {
            if (_templateOfBody[body] == whole || _uses[_templateOfBody[body]] >= FewestRows) continue;
            _templateOfBody[body] = whole;
            _valuesOfBody[body] = _values.Count;
            _values.Add(_texts.GetOrAdd(chunk.Tables.Strings[body]));
        }
    }

    /// <summary>Writes the pages: the used templates in their new order, and the numbers of the bodies (ids of the chunk's strings) of each.</summary>
    /// <param name="templates">The templates that have rows.</param>
    /// <param name="bodies">Bodies of all rows, those of one template one after another, in the order of <paramref name="templates"/>.</param>
    /// <param name="rows">Rows of each template.</param>
    public void Write(PageWriter pages, int rowGroup, ReadOnlySpan<int> templates, ReadOnlySpan<int> bodies, ReadOnlySpan<int> rows)
    {
        _numbers.Truncate(0);
        var stored = new ByteDictionary();
        var values = new long[bodies.Length];
        var first = 0;
        for (var i = 0; i < templates.Length; i++)
        {
            stored.GetOrAdd(_templates[templates[i]]);
            var some = bodies.Slice(first, rows[i]);
            first += rows[i];
            var slots = BodyTemplate.Parse(_templates[templates[i]], "", 0).Slots.Length;
            for (var slot = 0; slot < slots; slot++)
            {
                for (var row = 0; row < some.Length; row++) values[row] = _values[_valuesOfBody[some[row]] + slot];
                SlotNumbers.Write(values.AsSpan(0, some.Length), ref _numbers);
            }
        }
        DictionaryBody.Write(pages, LogColumn.Templates, rowGroup, stored, ref _page);
        DictionaryBody.Write(pages, LogColumn.Words, rowGroup, _words, ref _page);
        DictionaryBody.Write(pages, LogColumn.Texts, rowGroup, _texts, ref _page);
        pages.Bytes(LogColumn.BodyNumbers, rowGroup, _numbers.Span, true);
    }
}

/// <summary>Dictionaries of row groups as pages.</summary>
internal static class DictionaryBody
{
    /// <summary>Writes a dictionary as one page; none when it is empty.</summary>
    public static void Write(PageWriter pages, int column, int rowGroup, ByteDictionary entries, ref Column<byte> body)
    {
        if (entries.Count == 0) return;
        var ends = new int[entries.Count];
        var end = 0;
        for (var id = 0; id < ends.Length; id++) ends[id] = end += entries[id].Length;
        DictionaryPage.Encode(entries.Entries, ends, ref body);
        pages.Dictionary(column, rowGroup, 0, ends.Length, body.Span);
    }
}
