using CsCheck;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Tests.Properties;
using Throughline.Tests.Store;

namespace Throughline.Tests.Model;

/// <summary>What comes of batches that are added to a table, against the same spans as plain objects.</summary>
public sealed class SpanTableTests
{
    private static readonly Gen<PlainSpan[][]> Batches = SpanGen.Span.Array[0, 12].Array[1, 8];

    // Distinct ids, so that no batch has a duplicate and all go in as wholes.
    private static readonly Gen<PlainSpan[][]> DistinctBatches = Batches.Select(batches => batches
        .Select((batch, i) => batch.Select((span, j) => span with { SpanId = (ulong)(i * 100) + (ulong)j + 1 }).ToArray()).ToArray());

    [Fact]
    public void KeepsEachSpanOnceInOrderOfArrival() => Property.Check(Batches, 300, batches => Check(new SpanTable(), batches, AddWhole));

    [Fact]
    public void TakesBatchesWithoutDuplicatesAsWholes() => Property.Check(DistinctBatches, 200, batches =>
    {
        var table = new SpanTable();
        Check(table, batches, AddWhole);
        Assert.Equal(0, table.Duplicates);
    });

    [Fact]
    public void TakesChosenRowsAsItTakesWholeBatches() => Property.Check(Batches, 200, batches =>
        Check(new SpanTable(), batches, static (table, batch) => table.Add(batch, [.. Enumerable.Range(0, batch.RowCount)])));

    [Fact]
    public void AClearedTableIsAsNew() => Property.Check(Gen.Select(Batches, Batches), 100, both =>
    {
        var table = new SpanTable();
        Check(table, both.Item1, AddWhole);
        table.Clear();
        Assert.Equal((0, 0, 0L), (table.Spans.RowCount, table.TraceId.Count, table.Duplicates));
        Check(table, both.Item2, AddWhole);
    });

    [Fact]
    public void ABatchThatRepeatsTheOneBeforeAddsNothing() => Property.Check(DistinctBatches, 50, batches =>
    {
        var table = new SpanTable();
        foreach (var batch in batches) AddWhole(table, Decode(batch));
        var before = PlainReader.Read(table.Spans).ToArray();
        foreach (var batch in batches) AddWhole(table, Decode(batch));
        Assert.Equal(before.Select(s => s.Content), PlainReader.Read(table.Spans).Select(s => s.Content));
        Assert.Equal(before.Length, table.Duplicates);
    });

    [Fact]
    public void ManySpansUnderOneIdThatDifferInValuesAloneAreAllKept()
    {
        PlainSpan[] spans = [.. Enumerable.Range(0, 5_000).Select(i => new PlainSpan { TraceId = new(0, 1), SpanId = 1, Start = 5, End = 9, Attributes = [new("n", PlainValue.Of(i))] })];
        var table = new SpanTable();
        Check(table, [spans], AddWhole);
    }

    private static void AddWhole(SpanTable table, SpanBatch batch) => table.Add(batch);

    private static SpanBatch Decode(PlainSpan[] spans)
    {
        var batch = new SpanBatch();
        Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().Decode(PlainOtlp.Request(spans), batch).Status);
        return batch;
    }

    private static void Check(SpanTable table, PlainSpan[][] batches, Action<SpanTable, SpanBatch> add)
    {
        // A request's spans come grouped by resource and scope, so the decoded order is the order of arrival.
        var arrived = new List<PlainSpan>();
        foreach (var batch in batches.Select(Decode))
        {
            arrived.AddRange(PlainReader.Read(batch));
            add(table, batch);
        }
        PlainSpan[] expected = [.. arrived.DistinctBy(s => s.Content)];
        Assert.Equal(expected.Select(s => s.Content), PlainReader.Read(table.Spans).Select(s => s.Content));
        Assert.Equal(arrived.Count - expected.Length, table.Duplicates);
        Assert.Equal(expected.Select(IsError), Enumerable.Range(0, expected.Length).Select(row => (table.Spans.Marks[row] & (byte)SpanMarks.Error) != 0));
        CheckTraces(table, expected);
        CheckShapes(table.Spans, expected);
    }

    private static bool IsError(PlainSpan span) => span.Status == 2 || span.Attributes.Any(a => a.Key == "error" && (a.Value == PlainValue.Of(true) || a.Value is { Type: AttributeType.String, Text: "true" }));

    private static void CheckTraces(SpanTable table, PlainSpan[] expected)
    {
        var view = table.Snapshot();
        var traces = expected.Select((span, row) => (span.TraceId, row)).GroupBy(s => s.TraceId, s => s.row).ToArray();
        Assert.Equal(traces.Select(t => t.Key), Enumerable.Range(0, view.TraceCount).Select(view.TraceId));
        for (var ordinal = 0; ordinal < traces.Length; ordinal++)
        {
            var rows = new Column<int>(0);
            view.AppendRowsOf(ordinal, ref rows);
            Assert.Equal(traces[ordinal], rows.Span.ToArray());
            Assert.All(traces[ordinal], row => Assert.Equal(ordinal, view.TraceOrdinal[row]));
            Assert.Equal(ordinal, view.FindTrace(traces[ordinal].Key));
        }
    }

    private static void CheckShapes(SpanBatch spans, PlainSpan[] expected)
    {
        Assert.Equal(expected.Select(s => Shape(s.Attributes)), spans.Shape.Span.ToArray().Select(s => Shape(spans, s)));
        Assert.Equal(expected.SelectMany(s => s.Events).Select(e => Shape(e.Attributes)), spans.Events.Shape.Span.ToArray().Select(s => Shape(spans, s)));
        Assert.Equal(expected.SelectMany(s => s.Links).Select(l => Shape(l.Attributes)), spans.Links.Shape.Span.ToArray().Select(s => Shape(spans, s)));
        var shapes = Enumerable.Range(0, spans.Shapes.Count).Select(s => Shape(spans, s)).ToArray();
        Assert.Equal(shapes.Distinct(), shapes);
    }

    private static string Shape(PlainAttribute[] attributes) => string.Join(' ', attributes.Select(a => $"{Plain.Text(a.Key)}:{a.Value.Type}"));

    private static string Shape(SpanBatch spans, int shape) => string.Join(' ', spans.Shapes[shape].ToArray()
        .Select(m => $"{Plain.Text(System.Text.Encoding.UTF8.GetString(spans.Strings[ShapeTable.KeyOf(m)]))}:{ShapeTable.TypeOf(m)}"));
}
