using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// Writes entries of a dictionary as templates and numbers (docs/format/logs.md, "Split dictionaries"): ids, names with numbers and addresses take a few bytes each in place of their text, can be read one by
/// one, and a search for what they cannot hold reads none of them. One owner; not thread safe.
/// </summary>
internal sealed class DictionarySplitter
{
    /// <summary>Slots of a template at most.</summary>
    public const int MostSlots = 64;

    /// <summary>Smaller dictionaries gain nothing.</summary>
    private const int FewestEntries = 24;

    /// <summary>Entries that a template has to have: each costs a head for each of its slots.</summary>
    private const int FewestUses = 6;

    private const int MostTemplates = 255;

    private readonly BodySplitter _splitter = new();
    private ByteDictionary _templates = new();
    private Column<long> _values = new(0);
    private Column<long> _column = new(0);
    private int[] _templateOf = [];
    private int[] _firstValue = [];
    private int[] _places = [];

    /// <summary>Writes the page's body; false when the entries are better stored as they are.</summary>
    public bool TryWrite(ByteDictionary entries, ref Column<byte> body)
    {
        if (entries.Count < FewestEntries) return false;
        var split = Split(entries);
        var places = Places(entries.Count, split, out var isWorth);
        if (!isWorth) return false;
        body.Truncate(0);
        Number(places.Count, ref body);
        foreach (var template in places.Templates)
        {
            Number(_templates[template].Length, ref body);
            body.AddRange(_templates[template]);
        }
        Number(entries.Count, ref body);
        var isOne = places.Count == 1 && places.Whole == 0;
        if (places.Count == 1) Number(isOne ? 0 : 1, ref body);
        if (!isOne)
        {
            for (var id = 0; id < entries.Count; id++) body.Add((byte)Place(places, id));
        }
        WriteSlots(entries.Count, places, ref body);
        for (var id = 0; id < entries.Count; id++)
        {
            if (Place(places, id) == 0) Number(entries[id].Length, ref body);
        }
        for (var id = 0; id < entries.Count; id++)
        {
            if (Place(places, id) == 0) body.AddRange(entries[id]);
        }
        return true;
    }

    /// <summary>The templates that are stored, and by template its number among them; 0 for those whose entries are stored whole.</summary>
    private readonly record struct Stored(List<int> Templates, byte[] OfTemplate, int Whole)
    {
        public int Count => Templates.Count;
    }

    private int Place(in Stored stored, int id) => _templateOf[id] < 0 ? 0 : stored.OfTemplate[_templateOf[id]];

    /// <summary>Splits all entries; answers how many of each template there are.</summary>
    private int[] Split(ByteDictionary entries)
    {
        _templates = new ByteDictionary();
        _values.Truncate(0);
        if (_templateOf.Length < entries.Count) (_templateOf, _firstValue) = (new int[entries.Count], new int[entries.Count]);
        for (var id = 0; id < entries.Count; id++)
        {
            // What has words would need a dictionary of its own.
            var isSplit = _splitter.TrySplit(entries[id]) && !_splitter.Values.IsEmpty && _splitter.Words.IsEmpty;
            _templateOf[id] = isSplit ? _templates.GetOrAdd(_splitter.Template) : -1;
            _firstValue[id] = _values.Count;
            if (isSplit) _values.AddRange(_splitter.Values);
        }
        var uses = new int[_templates.Count];
        foreach (var template in _templateOf.AsSpan(0, entries.Count))
        {
            if (template >= 0) uses[template]++;
        }
        return uses;
    }

    private static Stored Places(int entries, int[] uses, out bool isWorth)
    {
        List<int> kept = [];
        var (places, split) = (new byte[uses.Length], 0);
        for (var template = 0; template < uses.Length && kept.Count < MostTemplates; template++)
        {
            if (uses[template] < FewestUses) continue;
            kept.Add(template);
            places[template] = (byte)kept.Count;
            split += uses[template];
        }
        isWorth = split * 2 >= entries && split >= FewestEntries;
        return new Stored(kept, places, entries - split);
    }

    private void WriteSlots(int entries, in Stored stored, ref Column<byte> body)
    {
        if (_places.Length < entries) _places = new int[entries];
        for (var id = 0; id < entries; id++) _places[id] = Place(stored, id);
        var (start, ids) = RowClasses.Grouped(_places.AsSpan(0, entries), stored.Count + 1);
        for (var place = 1; place <= stored.Count; place++)
        {
            var some = ids.AsSpan(start[place]..start[place + 1]);
            var slots = BodyTemplate.Parse(_templates[stored.Templates[place - 1]], "", 0).Slots.Length;
            for (var slot = 0; slot < slots; slot++)
            {
                _column.Truncate(0);
                foreach (var id in some) _column.Add(_values[_firstValue[id] + slot]);
                SlotNumbers.Write(_column.Span, ref body);
            }
        }
    }

    private static void Number(int value, ref Column<byte> to)
    {
        var left = (uint)value;
        for (; left >= 0x80; left >>= 7) to.Add((byte)(left | 0x80));
        to.Add((byte)left);
    }
}
