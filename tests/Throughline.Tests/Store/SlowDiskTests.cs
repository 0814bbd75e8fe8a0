using Throughline.Engine;
using Throughline.Tests.Files;

namespace Throughline.Tests.Store;

/// <summary>A disk that cannot follow: what waits in memory stays within its limits, the rest is refused with a time to try again, and nothing that was acknowledged is lost.</summary>
public sealed class SlowDiskTests
{
    private const int PaddingBytes = 4_000;

    [Fact]
    public async Task ALogThatCannotFollowHoldsNoMoreThanItsQueue()
    {
        var disk = new GatedDisk(FileOperation.Sync, ".wal");
        var options = Options() with { LogQueueBytes = 10 * (PaddingBytes + 200) };
        await using (var store = await TraceStore.OpenAsync(options, disk.Files, new ManualTime(), default))
        {
            using var closed = disk.Close();
            var sending = Enumerable.Range(1, 40).Select(i => Send(store, i)).ToArray();
            // What is refused is refused at once, however long the disk takes.
            await Patience.UntilAsync(() => sending.Count(s => s.IsCompleted) >= 30, () => $"Only {sending.Count(s => s.IsCompleted)} of 40 are answered");
            var waiting = sending.Where(s => !s.IsCompleted).ToArray();
            Assert.InRange(waiting.Length, 1, 10);
            foreach (var refused in sending.Where(s => s.IsCompleted)) AssertRetryable(await refused);
            Assert.Equal(0, store.GetStatistics().Spans);

            closed.Open();
            foreach (var acknowledged in waiting) Assert.Equal(AppendStatus.Durable, (await acknowledged).Status);
            Assert.Equal(waiting.Length, store.GetStatistics().Spans);
            for (var i = 1; i <= sending.Length; i++)
            {
                var again = await SendUntilTakenAsync(store, i);
                Assert.Equal(waiting.Contains(sending[i - 1]) ? AppendStatus.Duplicate : AppendStatus.Durable, again.Status);
            }
        }
        await AssertHasOnceAsync(disk, options, 40);
    }

    [Fact]
    public async Task BlocksThatCannotFollowLeaveNoMoreThanThreeHeadsInMemory()
    {
        var disk = new GatedDisk(FileOperation.Sync, ".block.tmp");
        var options = Options() with { HeadMaxSpans = 20 };
        await using (var store = await TraceStore.OpenAsync(options, disk.Files, new ManualTime(), default))
        {
            using var closed = disk.Close();
            var taken = 0;
            AppendResult result;
            while ((result = await Send(store, taken + 1)).Status == AppendStatus.Durable) taken++;
            AssertRetryable(result);
            // One head is being written, the next has grown to twice its size.
            Assert.InRange(taken, 41, 3 * 20 + 1);
            Assert.Equal((taken, 0), (store.GetStatistics().HeadSpans, store.GetStatistics().Blocks));
            for (var i = 0; i < 100; i++) AssertRetryable(await Send(store, 1_000 + i));
            Assert.Equal(taken, store.GetStatistics().HeadSpans);

            closed.Open();
            for (var i = taken + 1; i <= 200; i++) Assert.Equal(AppendStatus.Durable, (await SendUntilTakenAsync(store, i)).Status);
        }
        await AssertHasOnceAsync(disk, options, 200);
    }

    private static TraceStoreOptions Options() => new() { Directory = StoreUnderTest.Directory };

    private static void AssertRetryable(AppendResult result)
    {
        Assert.Equal(AppendStatus.Overloaded, result.Status);
        Assert.True(result.RetryAfter > TimeSpan.Zero);
        Assert.Contains("try again", result.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static Task<AppendResult> Send(TraceStore store, int number) =>
        StoreUnderTest.SendAsync(store, [Span(number)], (UInt128)number).AsTask();

    private static Task<AppendResult> SendUntilTakenAsync(TraceStore store, int number) =>
        StoreUnderTest.SendUntilTakenAsync(store, [Span(number)], (UInt128)number);

    private static PlainSpan Span(int number) => new()
    {
        TraceId = new(3, (ulong)number), SpanId = 1, Start = SpanGen.Base + (ulong)number, End = SpanGen.Base + (ulong)number + 5, Name = "n",
        Attributes = [new("padding", PlainValue.Of(new string('x', PaddingBytes)))],
    };

    private static async Task AssertHasOnceAsync(GatedDisk disk, TraceStoreOptions options, int spans)
    {
        // As the disk would be after a loss of power: what was acknowledged needs no orderly end.
        await using var store = await TraceStore.OpenAsync(options, disk.Files.Crash(), new ManualTime(), default);
        Assert.Equal((spans, spans), (store.GetStatistics().Spans, store.GetStatistics().Traces));
        for (var i = 1; i <= spans; i++)
        {
            var trace = await store.GetTraceAsync(Span(i).TraceId, default);
            Assert.Equal([Span(i).Content], PlainReader.Read((trace ?? throw new InvalidOperationException($"Trace {i} is not there.")).Spans).Select(s => s.Content));
        }
    }

    /// <summary>A file system in memory, one kind of operation of which stands still while it is closed.</summary>
    private sealed class GatedDisk
    {
        private volatile Gate? _gate;

        public GatedDisk(FileOperation operation, string ending) => Files.Before = (done, path) =>
        {
            if (done == operation && path.EndsWith(ending, StringComparison.Ordinal)) _gate?.Pass();
        };

        public MemoryFileSystem Files { get; } = new();

        public Gate Close() => _gate = new Gate();
    }
}
