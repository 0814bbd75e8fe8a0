using Throughline.Engine;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Lifecycle;

/// <summary>A clock that is set ahead or back costs nothing that was stored.</summary>
public sealed class JumpingClockTests
{
    [Fact]
    public async Task AClockThatIsAheadForAMomentDropsNothingAndOneThatStaysIsBelieved()
    {
        var (files, time) = (new MemoryFileSystem(), new JumpingTime());
        await using var store = await TraceStore.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory }, files, time, default);
        await SendAsync(store, 1);
        await store.FlushAsync(default);
        await store.CompactAsync(default);
        time.Offset = TimeSpan.FromDays(365);
        await SendAsync(store, 2);
        await store.CompactAsync(default);
        Assert.NotNull(await store.GetTraceAsync(new TraceId(0, 1), default));
        time.Offset = TimeSpan.Zero;
        await store.CompactAsync(default);
        Assert.NotNull(await store.GetTraceAsync(new TraceId(0, 1), default));

        time.Offset = TimeSpan.FromDays(365);
        await store.CompactAsync(default);
        Assert.NotNull(await store.GetTraceAsync(new TraceId(0, 1), default));
        time.Advance(RetentionClock.Doubt + TimeSpan.FromMinutes(1));
        await store.CompactAsync(default);
        Assert.Null(await store.GetTraceAsync(new TraceId(0, 1), default));
        Assert.NotNull(await store.GetTraceAsync(new TraceId(0, 2), default));
    }

    [Fact]
    public async Task SpansOfASetBackClockAreStoredFoundAndKnownAsRetries()
    {
        var (files, time) = (new MemoryFileSystem(), new JumpingTime());
        var options = new TraceStoreOptions { Directory = StoreUnderTest.Directory };
        await using (var store = await TraceStore.OpenAsync(options, files, time, default))
        {
            await SendAsync(store, 1);
            time.Offset = TimeSpan.FromDays(-300);
            await SendAsync(store, 2);
            Assert.Equal(AppendStatus.Duplicate, (await StoreUnderTest.SendAsync(store, [Span(1)], 1)).Status);
            await store.FlushAsync(default);
            await store.CompactAsync(default);
            Assert.Equal(2, store.GetStatistics().Spans);
            Assert.Empty(store.GetStatistics().Problems);
        }
        time.Offset = TimeSpan.FromDays(-300);
        await using var again = await TraceStore.OpenAsync(options, files, time, default);
        for (var i = 1; i <= 2; i++) Assert.NotNull(await again.GetTraceAsync(new TraceId(0, (ulong)i), default));
    }

    private static async Task SendAsync(TraceStore store, int trace) => Assert.Equal(AppendStatus.Durable, (await StoreUnderTest.SendAsync(store, [Span(trace)], (UInt128)trace)).Status);

    private static PlainSpan Span(int trace) => new() { TraceId = new TraceId(0, (ulong)trace), SpanId = 1, Start = SpanGen.Base, End = SpanGen.Base + 1 };
}
