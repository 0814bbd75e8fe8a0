using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// Entries of a dictionary as templates and numbers (docs/format/logs.md, "Split dictionaries"): each is put together when it is asked for, and a text that no template can make is in none of them, which is
/// known without a look at the numbers. Immutable; thread safe.
/// </summary>
internal sealed class SplitEntries : ColumnEntries
{
    private readonly BodyTemplate[] _templates;
    private readonly SlotColumn[][] _slots;
    private readonly byte[] _templateOf;
    private readonly int[] _places;
    private readonly EntryTexts _whole;

    private SplitEntries(BodyTemplate[] templates, SlotColumn[][] slots, byte[] templateOf, int[] places, EntryTexts whole, long pageBytes)
    {
        (_templates, _slots, _templateOf, _places, _whole) = (templates, slots, templateOf, places, whole);
        MemoryBytes = pageBytes + templateOf.LongLength + places.LongLength * 4 + whole.MemoryBytes + slots.Sum(s => s.Sum(c => c.MemoryBytes + 64)) + templates.Length * 200L;
    }

    public override int Count => _templateOf.Length;

    public override long MemoryBytes { get; }

    /// <summary>Reads what <see cref="DictionarySplitter"/> wrote.</summary>
    /// <param name="most">Entries that there may be.</param>
    /// <exception cref="CorruptDataException">The page is not what was written.</exception>
    public static SplitEntries Parse(byte[] page, int most, string file, long offset)
    {
        var reader = new PageBytes(page, file, offset);
        var templates = new BodyTemplate[reader.Count(1)];
        for (var i = 0; i < templates.Length; i++) templates[i] = BodyTemplate.Parse(reader.Bytes(reader.Count(1)), file, offset);
        var count = reader.Count(0);
        if (count > most) throw new CorruptDataException(file, offset, $"at most {most} entries", $"{count}");
        var templateOf = new byte[count];
        if (templates.Length == 1 && reader.Count(0) == 0) Array.Fill(templateOf, (byte)1);
        else reader.Bytes(count).CopyTo(templateOf);
        var uses = new int[templates.Length + 1];
        var places = new int[count];
        for (var id = 0; id < count; id++)
        {
            if (templateOf[id] > templates.Length) throw new CorruptDataException(file, offset, $"a template up to {templates.Length}", $"{templateOf[id]}");
            places[id] = uses[templateOf[id]]++;
        }
        var slots = new SlotColumn[templates.Length][];
        for (var i = 0; i < slots.Length; i++)
        {
            slots[i] = new SlotColumn[templates[i].Slots.Length];
            if (slots[i].Length > DictionarySplitter.MostSlots || Array.Exists(templates[i].Slots, s => s is BodySlot.Word or BodySlot.Text))
                throw new CorruptDataException(file, offset, $"a template of at most {DictionarySplitter.MostSlots} numbers", $"one of {slots[i].Length} slots");
            for (var slot = 0; slot < slots[i].Length; slot++) slots[i][slot] = SlotNumbers.Read(page, ref reader.At, uses[i + 1], file, offset);
        }
        var ends = new int[uses[0]];
        var end = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            end += reader.Count(1);
            if (end > page.Length) throw new CorruptDataException(file, offset, $"texts of at most {page.Length} bytes", $"{end}");
            ends[i] = end;
        }
        var whole = new EntryTexts(reader.Bytes(end).ToArray(), ends);
        reader.End();
        return new SplitEntries(templates, slots, templateOf, places, whole, page.LongLength);
    }

    public override ReadOnlySpan<byte> Read(int id, ref byte[] buffer)
    {
        var template = _templateOf[id] - 1;
        if (template < 0) return _whole[_places[id]];
        Span<long> values = stackalloc long[DictionarySplitter.MostSlots];
        var slots = _slots[template];
        for (var i = 0; i < slots.Length; i++) values[i] = slots[i][_places[id]];
        var length = _templates[template].Render(values[..slots.Length], EntryTexts.None, EntryTexts.None, ref buffer);
        // The buffer may be another one afterwards.
        return buffer.AsSpan(0, length);
    }

    public override void Mark(EntryTest test, Span<ulong> chosen)
    {
        var whole = new ulong[RowBits.Words(_whole.Count)];
        _whole.Mark(test, whole);
        var maybe = new bool[_templates.Length + 1];
        for (var i = 0; i < _templates.Length; i++) maybe[i + 1] = test.Within is not { } text || _templates[i].CanHold(text);
        maybe[0] = !RowBits.IsEmpty(whole);
        if (!maybe.Contains(true)) return;
        byte[] buffer = [];
        for (var id = 0; id < _templateOf.Length; id++)
        {
            var template = _templateOf[id];
            if (!maybe[template]) continue;
            if (template == 0 ? RowBits.Has(whole, _places[id]) : test.Holds(Read(id, ref buffer))) RowBits.Set(chosen, id);
        }
    }

    /// <summary>Reads numbers and bytes from a page, and checks that they lie in it.</summary>
    private ref struct PageBytes(byte[] page, string file, long offset)
    {
        public int At;

        /// <summary>A number of things, each of at least so many bytes, that are still to come.</summary>
        public int Count(int least)
        {
            var value = 0UL;
            for (var shift = 0; ; shift += 7)
            {
                if (At == page.Length || shift > 28) throw Wrong("a number of up to five bytes", "the page's end or more");
                var b = page[At++];
                value |= (ulong)(b & 0x7F) << shift;
                if (b < 0x80) break;
            }
            return value <= (ulong)(least == 0 ? Array.MaxLength : (page.Length - At) / least) ? (int)value : throw Wrong($"at most {page.Length - At} bytes", $"{value}");
        }

        public ReadOnlySpan<byte> Bytes(int count)
        {
            if (count < 0 || count > page.Length - At) throw Wrong($"{count} bytes", $"{page.Length - At}");
            At += count;
            return page.AsSpan(At - count, count);
        }

        public readonly void End()
        {
            if (At != page.Length) throw Wrong($"a page of {At} bytes", $"{page.Length}");
        }

        private readonly CorruptDataException Wrong(string expected, string found) => new(file, offset, expected, found);
    }
}
