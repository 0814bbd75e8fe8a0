using System.Text;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;

namespace Throughline.Tests.Blocks.Pages;

/// <summary>Dictionary pages give back their entries, and tell bodies that are none.</summary>
public sealed class DictionaryPageTests
{
    private static readonly string[] Texts =
    [
        "", "a", "56ee82c4-0f6c-4ca9-ae0c-db6253b8f275", "56EE82C4-0f6c-4ca9-ae0c-db6253b8f275", "56ee82c4-0f6c-4ca9-ae0c-db6253b8f27g", "56ee82c4x0f6c-4ca9-ae0c-db6253b8f275",
        "00000000-0000-0000-0000-000000000000", "56ee82c4-0f6c-4ca9-ae0c-db6253b8f2755", new string('ü', 18), new string('x', 70_000), "last",
    ];

    [Fact]
    public void EntriesComeBackInTheirOrder()
    {
        var (entry, body) = Encode(Texts);
        var (bytes, ends) = DictionaryPage.Decode(entry, body, "a.block");
        Assert.Equal(Texts, Enumerable.Range(0, ends.Length).Select(i => Encoding.UTF8.GetString(bytes.AsSpan((i == 0 ? 0 : ends[i - 1])..ends[i]))));
    }

    [Fact]
    public void UuidsTakeSixteenBytes() => Assert.Equal(2 * (4 + 16), Encode([Texts[2], Texts[6]]).Body.Length);

    [Fact]
    public void BodiesOfAnotherLengthAreTold()
    {
        var (entry, body) = Encode(Texts);
        Assert.Throws<CorruptDataException>(() => DictionaryPage.Decode(entry, body.AsSpan(..^1), "a.block"));
        Assert.Throws<CorruptDataException>(() => DictionaryPage.Decode(entry, [.. body, 0], "a.block"));
        Assert.Throws<CorruptDataException>(() => DictionaryPage.Decode(entry, body.AsSpan(..10), "a.block"));
    }

    private static (PageEntry Entry, byte[] Body) Encode(string[] texts)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(texts));
        var (ends, end) = (new int[texts.Length], 0);
        for (var i = 0; i < texts.Length; i++) ends[i] = end += Encoding.UTF8.GetByteCount(texts[i]);
        var body = new Column<byte>(16);
        DictionaryPage.Encode(bytes, ends, ref body);
        return (new PageEntry { Encoding = PageEncoding.Dictionary, Count = texts.Length, RawLength = body.Count }, body.Span.ToArray());
    }
}
