using System.Text;
using CsCheck;
using Throughline.Engine.Files;
using Throughline.Engine.Logs.Blocks;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Execution;

namespace Throughline.Tests.Logs;

/// <summary>Dictionaries that are stored as templates and numbers give every entry back byte for byte, answer what texts would, and refuse what they did not write.</summary>
public sealed class SplitDictionaryTests
{
    private const string Seed = "0000a3dJw5e2";

    private static readonly Gen<string> Entry = Gen.Frequency(
        (6, Gen.Select(Gen.Int[0, 400], Gen.Int[0, 60], (a, b) => $"0HN{a:X9}:{b:X8}")),
        (3, Gen.Int[0, 100_000].Select(n => $"user{n}")),
        (2, Gen.Select(Gen.Int[0, 255], Gen.Int[0, 255], (a, b) => $"10.0.{a}.{b}")),
        (2, Gen.Int.Select(n => $"trace {n:x8}{n:x8}")),
        (1, Gen.Int[0, 999].Select(n => $"Zeit {n / 10.0:0.0} Größe")),
        (2, LogGen.Body));

    [Fact]
    public void EntriesComeBackAndAnswerAsTextsDo() => Gen.Select(Entry.Array[24, 300], Entry, Gen.Int[0, 12], Gen.Int[1, 10]).Sample((texts, other, from, length) =>
    {
        var entries = Dictionary(texts);
        if (Write(entries) is not { } page) return;
        var split = SplitEntries.Parse(page, entries.Count, "test", 0);
        Assert.Equal(entries.Count, split.Count);
        byte[] buffer = [];
        for (var id = 0; id < split.Count; id++) Assert.Equal(Encoding.UTF8.GetString(entries[id]), Encoding.UTF8.GetString(split.Read(id, ref buffer)));
        var one = texts[length % texts.Length];
        var part = one.Length <= from ? other : one.Substring(from, Math.Min(length, one.Length - from)).ToUpperInvariant();
        foreach (var text in (string[])[part, other, one, "", "user1", "hn0"])
        {
            foreach (var test in (EntryTest[])[new TextContains(text), new TextEquals(Encoding.UTF8.GetBytes(text)), new EntryHolds(e => e.Length % 2 == 0)])
            {
                var chosen = new ulong[RowBits.Words(split.Count)];
                split.Mark(test, chosen);
                for (var id = 0; id < split.Count; id++) Assert.True(test.Holds(entries[id]) == RowBits.Has(chosen, id), $"'{text}' in '{Encoding.UTF8.GetString(entries[id])}' by {test.GetType().Name}");
            }
        }
    }, seed: Seed, iter: 1_000, print: c => string.Join('\n', c.Item1));

    [Fact]
    public void IdsTakeAFewBytesEach()
    {
        var entries = Dictionary(Enumerable.Range(0, 5_000).Select(i => $"request-{i * 7919 % 90_000:D8}/{i % 60}"));
        var page = Write(entries) ?? throw new InvalidOperationException("The ids were not split.");
        Assert.InRange(page.Length, 1, entries.SizeBytes / 3);
    }

    [Fact]
    public void TextsThatShareNoTemplateStayTexts()
    {
        Assert.Null(Write(Dictionary(Enumerable.Range(0, 400).Select(i => new string((char)('a' + i % 26), 1 + i / 26)))));
        Assert.Null(Write(Dictionary(Enumerable.Range(0, 10).Select(i => $"id {i}"))));
    }

    [Fact]
    public void DamagedPagesAreRefusedOrGiveEntries()
    {
        var entries = Dictionary(Enumerable.Range(0, 60).Select(i => i % 9 == 0 ? new string('x', i + 1) : i % 2 == 0 ? $"id {i * 31}" : $"v{i:D4}.{i}"));
        var page = Write(entries) ?? throw new InvalidOperationException("The ids were not split.");
        var random = new Random(7);
        for (var i = 0; i < 4_000; i++)
        {
            var damaged = page[..(i % 5 == 0 ? random.Next(page.Length) : page.Length)];
            for (var k = 0; k < 1 + i % 3 && damaged.Length > 0; k++) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                var split = SplitEntries.Parse(damaged, 1000, "test", 0);
                byte[] buffer = [];
                for (var id = 0; id < split.Count; id++) split.Read(id, ref buffer);
            }
            catch (CorruptDataException)
            {
            }
        }
    }

    private static ByteDictionary Dictionary(IEnumerable<string> texts)
    {
        var entries = new ByteDictionary();
        foreach (var text in texts) entries.GetOrAdd(Encoding.UTF8.GetBytes(text));
        return entries;
    }

    private static byte[]? Write(ByteDictionary entries)
    {
        var body = new Column<byte>(0);
        return new DictionarySplitter().TryWrite(entries, ref body) ? body.Span.ToArray() : null;
    }
}
