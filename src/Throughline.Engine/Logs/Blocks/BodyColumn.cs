using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>The bodies of a row group: a search asks the templates first, and makes texts only of rows whose template leaves it open. What is decoded lies in the cache; thread safe.</summary>
internal readonly struct BodyColumn(LogRowGroup group)
{
    private const int MostSlots = 64;

    /// <summary>Templates with the numbers of their slots.</summary>
    private sealed record Numbers(SlotColumn[][] Columns, long MemoryBytes);

    /// <summary>Taken apart.</summary>
    private sealed record Templates(BodyTemplate[] All, long MemoryBytes);

    private BodyTemplate[] All
    {
        get
        {
            var read = group;
            return group.Cached(LogColumn.Templates, CachedForm.Derived, () => ReadTemplates(read), static t => t.MemoryBytes).All;
        }
    }

    private SlotColumn[][] Slots
    {
        get
        {
            var (read, templates) = (group, All);
            return group.Cached(LogColumn.BodyNumbers, CachedForm.Derived, () => ReadNumbers(read, templates), static n => n.MemoryBytes).Columns;
        }
    }

    private static Templates ReadTemplates(LogRowGroup group)
    {
        var (entries, offset) = (group.Entries(LogColumn.Templates), group.OffsetOf(LogColumn.Templates));
        var all = new BodyTemplate[entries.Count];
        for (var i = 0; i < all.Length; i++) all[i] = BodyTemplate.Parse(entries[i], group.Name, offset);
        if (group.ByClass.TemplateStart.Length != all.Length + 1 || Array.Exists(all, t => t.Slots.Length > MostSlots))
            throw new CorruptDataException(group.Name, offset, $"{group.ByClass.TemplateStart.Length - 1} templates of at most {MostSlots} slots", $"{all.Length}");
        return new Templates(all, entries.MemoryBytes * 3);
    }

    private static Numbers ReadNumbers(LogRowGroup group, BodyTemplate[] templates)
    {
        var (page, offset) = group.ReadBytes(LogColumn.BodyNumbers);
        var starts = group.ByClass.TemplateStart;
        var columns = new SlotColumn[templates.Length][];
        var (at, memory) = (0, page.LongLength);
        for (var i = 0; i < templates.Length; i++)
        {
            columns[i] = new SlotColumn[templates[i].Slots.Length];
            for (var slot = 0; slot < columns[i].Length; slot++)
            {
                columns[i][slot] = SlotNumbers.Read(page, ref at, starts[i + 1] - starts[i], group.Name, offset);
                memory += columns[i][slot].MemoryBytes + 40;
            }
        }
        if (at != page.Length) throw new CorruptDataException(group.Name, offset, $"numbers of {at} bytes", $"{page.Length}");
        return new Numbers(columns, memory);
    }

    /// <summary>A row's body; valid until the buffer is used again.</summary>
    public ReadOnlySpan<byte> Read(int row, ref byte[] buffer)
    {
        var template = group.TableSet.Templates[(int)group.Classes[row]];
        return new Reading(group, All[template], Slots[template], group.ByClass.TemplateStart[template]).Read(group.ByClass.Places[row], ref buffer);
    }

    /// <summary>Makes texts of the rows of one template.</summary>
    private readonly struct Reading(LogRowGroup group, BodyTemplate template, SlotColumn[] slots, int start)
    {
        private readonly EntryTexts _words = template.Slots.Contains(BodySlot.Word) ? group.Entries(LogColumn.Words) : EntryTexts.None;
        private readonly EntryTexts _texts = template.Slots.Contains(BodySlot.Text) ? group.Entries(LogColumn.Texts) : EntryTexts.None;

        public ReadOnlySpan<byte> Read(int place, ref byte[] buffer)
        {
            Span<long> values = stackalloc long[MostSlots];
            values = values[..slots.Length];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = slots[i][place - start];
                if (template.IsId(i) && (ulong)values[i] >= (ulong)(template.Slots[i] == BodySlot.Word ? _words : _texts).Count)
                    throw new CorruptDataException(group.Name, group.OffsetOf(LogColumn.BodyNumbers), "the number of a text", $"{values[i]}");
            }
            if (template.IsText) return _texts[values[0]];
            // The buffer may be another one afterwards.
            var length = template.Render(values, _words, _texts, ref buffer);
            return buffer.AsSpan(0, length);
        }
    }

    /// <summary>Adds to <paramref name="found"/> those of the candidates whose body contains the needle.</summary>
    public void Mark(LogNeedle needle, ReadOnlySpan<ulong> candidates, Span<ulong> found, IReadBounds bounds)
    {
        var templates = All;
        var byClass = group.ByClass;
        byte[] buffer = [];
        WordAnswers? words = Array.Exists(templates, t => t.HasWords) ? WordAnswers.Of(group.Entries(LogColumn.Words), needle) : null;
        for (var i = 0; i < templates.Length; i++)
        {
            bounds.Check();
            var rows = byClass.Rows.AsSpan(byClass.TemplateStart[i]..byClass.TemplateStart[i + 1]);
            var answer = templates[i].Answer(needle, words);
            if (answer == TemplateAnswer.None)
            {
                if (words is { HoldsNone: false } && templates[i].HasWords) MarkWords(templates[i], Slots[i], words, rows, candidates, found);
            }
            else if (answer == TemplateAnswer.All)
            {
                foreach (var row in rows) found[row >> 6] |= candidates[row >> 6] & (1ul << row);
            }
            else if (templates[i].IsText)
            {
                MarkTexts(needle, Slots[i][0], rows, candidates, found, bounds);
            }
            else
            {
                var reading = new Reading(group, templates[i], Slots[i], byClass.TemplateStart[i]);
                for (var k = 0; k < rows.Length; k++)
                {
                    if ((k & 1023) == 0) bounds.Check();
                    if (RowBits.Has(candidates, rows[k]) && needle.Test.Holds(reading.Read(byClass.TemplateStart[i] + k, ref buffer))) RowBits.Set(found, rows[k]);
                }
            }
        }
    }

    /// <summary>Marks the rows of a template with one of the words that hold the text; nothing else of the template can.</summary>
    private static void MarkWords(BodyTemplate template, SlotColumn[] slots, WordAnswers words, ReadOnlySpan<int> rows, ReadOnlySpan<ulong> candidates, Span<ulong> found)
    {
        for (var slot = 0; slot < slots.Length; slot++)
        {
            if (template.Slots[slot] != BodySlot.Word) continue;
            for (var k = 0; k < rows.Length; k++)
            {
                if (RowBits.Has(candidates, rows[k]) && words.IsHolding(slots[slot][k])) RowBits.Set(found, rows[k]);
            }
        }
    }

    private void MarkTexts(LogNeedle needle, SlotColumn ids, ReadOnlySpan<int> rows, ReadOnlySpan<ulong> candidates, Span<ulong> found, IReadBounds bounds)
    {
        var texts = group.Entries(LogColumn.Texts);
        var holds = new ulong[RowBits.Words(texts.Count)];
        // Texts are few and long: some megabytes at once, and the caller may go meanwhile.
        needle.Test.Mark(texts.Bytes, texts.Ends, holds, 0);
        bounds.Check();
        if (RowBits.IsEmpty(holds)) return;
        for (var k = 0; k < rows.Length; k++)
        {
            var id = ids[k];
            if ((ulong)id >= (ulong)texts.Count) throw new CorruptDataException(group.Name, group.OffsetOf(LogColumn.BodyNumbers), $"a text below {texts.Count}", $"{id}");
            if (RowBits.Has(candidates, rows[k]) && RowBits.Has(holds, (int)id)) RowBits.Set(found, rows[k]);
        }
    }
}
