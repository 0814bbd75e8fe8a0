using System.Text;
using CsCheck;
using Throughline.Engine.Logs.Blocks;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Execution;

namespace Throughline.Tests.Logs;

/// <summary>Templates give every body back byte for byte, and never deny a text that a body has.</summary>
public sealed class BodyCodecTests
{
    private const string Seed = "0000a3dJw5e2";

    [Fact]
    public void ATemplateWithItsValuesIsTheBody() => Gen.OneOf<string>(LogGen.Body, Gen.String[Gen.Char["0123456789abcdefABCxyz .=-:\"\u00e9"], 0, 60]).Sample(body =>
    {
        var splitter = new BodySplitter();
        var utf8 = Encoding.UTF8.GetBytes(body);
        if (!splitter.TrySplit(utf8)) return;
        Assert.Equal(body, Encoding.UTF8.GetString(Render(splitter, utf8)));
    }, seed: Seed, iter: 20_000);

    [Fact]
    public void WhatATemplateSaysOfATextHoldsForItsBodies() => Gen.Select(LogGen.Body, Gen.OneOf<string>(LogGen.Needle, LogGen.Body), Gen.Int[0, 40], Gen.Int[1, 12]).Sample((body, other, from, length) =>
    {
        var splitter = new BodySplitter();
        if (!splitter.TrySplit(Encoding.UTF8.GetBytes(body))) return;
        var template = BodyTemplate.Parse(splitter.Template, "test", 0);
        // A part of the body itself, in another case, is the hardest question.
        var part = body.Length <= from ? other : body.Substring(from, Math.Min(length, body.Length - from)).ToUpperInvariant();
        foreach (var text in (string[])[other, part])
        {
            var answer = template.Answer(new LogNeedle(text, new TextContains(text)));
            var isIn = body.Contains(text, StringComparison.OrdinalIgnoreCase);
            Assert.True(isIn ? answer != TemplateAnswer.None : answer != TemplateAnswer.All, $"'{text}' in '{body}': {answer}");
        }
    }, seed: Seed, iter: 20_000);

    [Theory]
    [InlineData("took 12.5 ms of 300", "quetzal", TemplateAnswer.None)]
    [InlineData("took 12.5 ms of 300", "TOOK ", TemplateAnswer.All)]
    [InlineData("took 12.5 ms of 300", "took 99", TemplateAnswer.Some)]
    [InlineData("took 12.5 ms of 300", "took x", TemplateAnswer.None)]
    [InlineData("id deadbeef01 done", "beef", TemplateAnswer.Some)]
    [InlineData("id deadbeef01 done", "xyz", TemplateAnswer.None)]
    public void ATemplateIsRuledOutWhereItsSlotsCannotTakeTheText(string body, string text, object answer)
    {
        var splitter = new BodySplitter();
        Assert.True(splitter.TrySplit(Encoding.UTF8.GetBytes(body)));
        Assert.Equal((TemplateAnswer)answer, BodyTemplate.Parse(splitter.Template, "test", 0).Answer(new LogNeedle(text, new TextContains(text))));
    }

    [Fact]
    public void LinesOfOneStatementShareATemplate()
    {
        string Template(string body)
        {
            var splitter = new BodySplitter();
            Assert.True(splitter.TrySplit(Encoding.UTF8.GetBytes(body)));
            return Convert.ToHexString(splitter.Template);
        }
        Assert.Equal(Template("image 550e8400-e29b-41d4-a716-446655440000 took 12 ms user=alice"), Template("image 00000000-e29b-41d4-a716-44665544ffff took 7 ms user=b0b_x"));
        Assert.Equal(Template("job 0123456789abcdef from 10.0.3.17:80"), Template("job fedcba9876543210 from 192.168.13.7:65535"));
        Assert.NotEqual(Template("took 12 ms"), Template("took 12 s"));
    }

    [Fact]
    public void NumbersOfSlotsComeBack() => Gen.OneOf<long[]>(Gen.Long.Array[1, 40], Gen.Long[-300, 300].Array[1, 40], Gen.Select(Gen.Long, Gen.Int[1, 60], Gen.Long[0, 9], (first, count, step) =>
        Enumerable.Range(0, count).Select(i => first + i * step).ToArray())).Array[1, 4].Sample(columns =>
    {
        var page = new Column<byte>(0);
        foreach (var values in columns) SlotNumbers.Write(values, ref page);
        var bytes = page.Span.ToArray();
        var at = 0;
        foreach (var values in columns)
        {
            var read = SlotNumbers.Read(bytes, ref at, values.Length, "test", 0);
            Assert.Equal(values, Enumerable.Range(0, values.Length).Select(i => read[i]));
        }
        Assert.Equal(bytes.Length, at);
    }, seed: Seed, iter: 5_000);

    private static byte[] Render(BodySplitter splitter, byte[] body)
    {
        var template = BodyTemplate.Parse(splitter.Template, "test", 0);
        var values = splitter.Values.ToArray();
        var (bytes, ends) = (new List<byte>(), new List<int>());
        foreach (var (slot, start, length) in splitter.Words)
        {
            values[slot] = ends.Count;
            bytes.AddRange(body.AsSpan(start, length));
            ends.Add(bytes.Count);
        }
        byte[] buffer = [];
        var written = template.Render(values, new EntryTexts([.. bytes], [.. ends]), EntryTexts.None, ref buffer);
        return buffer[..written];
    }
}
