using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>A trace of any size is read in small steps, between which a caller that has gone and a limit of memory end it.</summary>
public sealed class TraceReadTests
{
    private const int Spans = 12_000;
    private const int RowsBetweenChecks = 1_024;

    // A column of starts needs four pages: steps, starts and numbers of rows of traces; shapes are looked at before the columns of their attributes.
    private const int PagesBetweenChecks = 6;

    private static readonly TraceId Giant = new(5, 5);

    [Fact]
    public void BoundsAreAskedBetweenAThousandRowsAndAFewPages()
    {
        using var segments = Segments();
        var table = new SpanTable();
        var steps = new Steps(segments) { Table = table };
        TraceAssembly.Assemble(Giant, segments.Segments, table, [], steps);
        Assert.Equal(Spans, table.Spans.RowCount);
        Assert.InRange(steps.MostRows, 1, RowsBetweenChecks);
        Assert.InRange(steps.MostPages, 1, PagesBetweenChecks);
        // What is charged is what the table holds: the columns were let go of.
        Assert.Equal(table.MemoryBytes - new SpanTable().MemoryBytes, steps.Charged);
    }

    [Fact]
    public void NothingMoreIsReadWhenTheCallerHasGone()
    {
        int checks;
        using (var segments = Segments())
        {
            var steps = new Steps(segments) { Table = new SpanTable() };
            TraceAssembly.Assemble(Giant, segments.Segments, steps.Table, [], steps);
            checks = steps.Checks;
        }
        for (var last = 0; last < checks; last += 9)
        {
            using var segments = Segments();
            var steps = new Steps(segments) { Table = new SpanTable(), GoneAt = last };
            Assert.Throws<OperationCanceledException>(() => TraceAssembly.Assemble(Giant, segments.Segments, steps.Table, [], steps));
            Assert.Equal((last + 1, steps.RowsAtLast, steps.ReadsAtLast), (steps.Checks, steps.Table.Spans.RowCount, segments.Files.Reads));
            Assert.True(steps.RowsAtLast < Spans);
        }
    }

    [Fact]
    public void SortingStopsSoonAfterTheCallerHasGone()
    {
        var random = new Random(3);
        var numbers = Enumerable.Range(0, 10 * RunSort.Run).Select(_ => random.Next()).ToArray();
        int[] expected = [.. numbers.Order()];
        var compared = 0L;
        RunSort.Sort<int>(numbers.ToArray(), (a, b) => Counted(ref compared, a, b), default);
        var all = compared;
        // Who goes away at the very end gets the sorted list.
        for (var goneAfter = 1L; goneAfter < all - (2 * RunSort.Run); goneAfter += all / 7)
        {
            using var gone = new CancellationTokenSource();
            (compared, var limit) = (0, goneAfter);
            Assert.Throws<OperationCanceledException>(() => RunSort.Sort<int>(numbers.ToArray(), (a, b) =>
            {
                if (compared == limit) gone.Cancel();
                return Counted(ref compared, a, b);
            }, gone.Token));
            // The run under way is finished: its items, each compared as often as it can be halved, twice over since the sort is no perfect one.
            Assert.InRange(compared - limit, 0, 2L * RunSort.Run * 16);
        }
        RunSort.Sort(numbers.AsSpan(), static (a, b) => a.CompareTo(b), default);
        Assert.Equal(expected, numbers);
    }

    [Fact]
    public void PuttingATraceTogetherEndsWhenTheCallerHasGone()
    {
        using var segments = Segments();
        var table = new SpanTable();
        TraceAssembly.Assemble(Giant, segments.Segments, table, [], SegmentsUnderTest.Bounds());
        using var gone = new CancellationTokenSource();
        gone.Cancel();
        int[] rows = [.. Enumerable.Range(0, Spans)];
        Assert.Throws<OperationCanceledException>(() => TraceAssembly.FactsOf(table, gone.Token));
        Assert.Throws<OperationCanceledException>(() => TraceTree.Of(table.Spans, gone.Token));
        Assert.Throws<OperationCanceledException>(() => SpanGather.Gather(table.Spans, rows, gone.Token));
    }

    [Fact]
    public async Task TraceThatNeedsMoreMemoryThanOneMayIsCutAndSaysSo()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, TraceMaxBytes = 4 << 20 });
        foreach (var request in Enumerable.Range(1, Spans).Chunk(4_000)) await store.AppendAsync([.. request.Select(Span)]);
        await store.FlushAsync();
        await store.AppendAsync([.. Enumerable.Range(Spans + 1, 10).Select(Span), Span(1) with { TraceId = new(1, 1) }]);
        var view = await store.Store.GetTraceAsync(Giant, default);
        Assert.NotNull(view);
        Assert.Equal("memory", view.Truncated?.Reason);
        Assert.Contains($"of its spans {view.Spans.RowCount} were read, since all of them need more than the 4 MB", view.Truncated?.Message);
        Assert.InRange(view.Spans.RowCount, 1, Spans - 1);
        Assert.Equal((view.Spans.RowCount, view.Spans.RowCount), (view.Summary.Spans, view.ParentRow.Length));
        Assert.Null((await store.Store.GetTraceAsync(new(1, 1), default))?.Truncated);
    }

    [Fact]
    public async Task TraceOfWhichNotOneSpanFitsIsThereAndEmpty()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, TraceMaxBytes = 2 });
        await store.AppendAsync(Span(1));
        await store.FlushAsync();
        var view = await store.Store.GetTraceAsync(Giant, default);
        Assert.Equal((0, "memory"), (view?.Spans.RowCount, view?.Truncated?.Reason));
        Assert.Null(await store.Store.GetTraceAsync(new(1, 1), default));
    }

    /// <summary>The trace in two blocks and a head, with another beside it.</summary>
    private static SegmentsUnderTest Segments() => new([.. Enumerable.Range(0, 3).Select(g => Enumerable.Range(1, Spans / 3).Select(i => Span((g * Spans / 3) + i)).Append(Span(0) with { TraceId = new(5, 1), Start = SpanGen.Base }).ToArray())]);

    private static PlainSpan Span(int i) => new()
    {
        TraceId = Giant,
        SpanId = (ulong)i + 1,
        Start = SpanGen.Base + (ulong)i,
        End = SpanGen.Base + 1_000_000,
        Name = $"name {i % 50}",
        Attributes = [.. Enumerable.Range(0, 1 + (i % 5)).Select(a => new PlainAttribute($"key {a}", PlainValue.Of($"value {i % 97}")))],
    };

    private static int Counted(ref long count, int a, int b)
    {
        count++;
        return a.CompareTo(b);
    }

    /// <summary>Bounds that look at what was done since they were asked last, and whose caller goes away at a step.</summary>
    private sealed class Steps(SegmentsUnderTest segments) : IReadBounds
    {
        public required SpanTable Table { get; init; }

        public int GoneAt { get; init; } = int.MaxValue;

        public int Checks { get; private set; }

        public int RowsAtLast { get; private set; }

        public int ReadsAtLast { get; private set; } = segments.Files.Reads;

        public int MostRows { get; private set; }

        public int MostPages { get; private set; }

        public long Charged { get; private set; }

        public void Check()
        {
            MostRows = Math.Max(MostRows, Table.Spans.RowCount - RowsAtLast);
            MostPages = Math.Max(MostPages, segments.Files.Reads - ReadsAtLast);
            (RowsAtLast, ReadsAtLast) = (Table.Spans.RowCount, segments.Files.Reads);
            if (Checks++ == GoneAt) throw new OperationCanceledException();
        }

        public void Charge(long bytes) => Charged += bytes;
    }
}
