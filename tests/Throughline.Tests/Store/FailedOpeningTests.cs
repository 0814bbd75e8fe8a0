using Throughline.Engine;
using Throughline.Tests.Files;

namespace Throughline.Tests.Store;

/// <summary>An opening that fails leaves nothing behind in the process: no file open, no timer, no lock, and so no thread that holds them. The next one finds everything.</summary>
public sealed class FailedOpeningTests
{
    private const int Spans = 6;

    [Fact]
    public async Task OpeningThatFailsWhenItsBackgroundWorkBeginsLeavesNothingBehind()
    {
        var whole = await FilledAsync();
        var failures = 0;
        for (var timer = 1; ; timer++)
        {
            var (files, time) = (whole.Crash(), new TimeOfFewTimers(timer));
            try
            {
                await using var store = await TraceStore.OpenAsync(Options, files, time, default);
                break;
            }
            catch (TimerRefusedException)
            {
                failures++;
                Assert.Equal(0, time.Timers);
                await AssertFreeAsync(files, $"timer {timer} was refused");
            }
        }
        Assert.True(failures >= 3, $"only {failures} openings failed: the log was never open by then");
    }

    [Fact]
    public async Task OpeningThatTheDiskEndsLeavesNothingBehind()
    {
        var whole = await FilledAsync();
        var failures = 0;
        for (var operation = 1; ; operation++)
        {
            var (files, left) = (whole.Crash(), operation);
            files.Before = (what, path) =>
            {
                if (Interlocked.Decrement(ref left) == 0) throw new IOException($"Input/output error: {what} of '{path}'");
            };
            try
            {
                await using var store = await TraceStore.OpenAsync(Options, files, new ManualTime(), default);
                if (Volatile.Read(ref left) > 0) break;
            }
            catch (StoreOpenException e)
            {
                Assert.Contains("Input/output error", e.Message);
                failures++;
                files.Before = null;
                await AssertFreeAsync(files, $"operation {operation} was refused");
            }
        }
        Assert.True(failures >= 4, $"only {failures} openings failed");
    }

    [Fact]
    public async Task OpeningThatIsCancelledWhileItReadsTheLogLeavesNothingBehind()
    {
        var files = await FilledAsync();
        using var cancelled = new CancellationTokenSource();
        // The last thing before the log is read: what a run before left among the blocks is deleted.
        files.WriteAll($"{StoreUnderTest.Root}/blocks/0000000099.block", [1]);
        files.Before = (what, _) =>
        {
            if (what == FileOperation.Delete) cancelled.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TraceStore.OpenAsync(Options, files, new ManualTime(), cancelled.Token));
        await AssertFreeAsync(files, "it was cancelled");
    }

    private static TraceStoreOptions Options => new() { Directory = StoreUnderTest.Directory };

    private static async Task AssertFreeAsync(MemoryFileSystem files, string when)
    {
        Assert.True(files.OpenFiles == 0, $"{when}: {files.OpenFiles} files are still open");
        await using var store = await TraceStore.OpenAsync(Options, files, new ManualTime(), default);
        Assert.Empty(store.GetStatistics().Problems);
        Assert.Equal((Spans, 2), (store.GetStatistics().Spans, store.GetStatistics().Blocks));
    }

    /// <summary>Two blocks, and two requests in the log; closed.</summary>
    private static async Task<MemoryFileSystem> FilledAsync()
    {
        await using var store = await StoreUnderTest.OpenAsync(Options);
        for (var i = 0; i < Spans; i++)
        {
            await store.AppendAsync(new PlainSpan { TraceId = new(0, 1 + (ulong)i), SpanId = 1, Start = SpanGen.Base, End = SpanGen.Base + 1, Name = "n" });
            if (i is 1 or 3) await store.FlushAsync();
        }
        await store.Store.DisposeAsync();
        Assert.Equal(0, store.Files.OpenFiles);
        return store.Files.Crash();
    }

    private sealed class TimerRefusedException() : Exception("the system has no more timers");

    /// <summary>A clock that stands still and refuses one timer.</summary>
    private sealed class TimeOfFewTimers(int refused) : TimeProvider
    {
        private readonly ManualTime _time = new();
        private int _made;

        public int Timers => _time.TimerCount;

        public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

        public override long TimestampFrequency => _time.TimestampFrequency;

        public override long GetTimestamp() => _time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            Interlocked.Increment(ref _made) == refused ? throw new TimerRefusedException() : _time.CreateTimer(callback, state, dueTime, period);
    }
}
