using Throughline.Engine.Wal;
using Throughline.Server.Forward;
using Throughline.Tests.Store;

namespace Throughline.Tests.Server.Forward;

/// <summary>How long a request that is in the queue is known; the clock is the test's.</summary>
public sealed class RecentOffersTests
{
    private readonly ManualTime _time = new();
    private readonly RecentOffers _offers;

    public RecentOffersTests() => _offers = new RecentOffers(_time);

    [Fact]
    public async Task AnAttemptThatFailedDoesNotShortenHowLongTheNextIsKnown()
    {
        Assert.True(await IsNewAsync(1, isQueued: false));
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.True(await IsNewAsync(1));
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.True(await IsNewAsync(2));
        Assert.False(await IsNewAsync(1));
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.True(await IsNewAsync(1));
        Assert.False(await IsNewAsync(2));
    }

    [Fact]
    public async Task WhatAnEarlierProcessQueuedIsKnownFromThenOn()
    {
        var since = (ulong)(_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        _time.Advance(TimeSpan.FromMinutes(9));
        _offers.Remember(WalSignal.Traces, 1, since);
        Assert.False(await IsNewAsync(1));
        _time.Advance(TimeSpan.FromMinutes(2));
        // So long ago that nobody sends it again.
        _offers.Remember(WalSignal.Traces, 2, since);
        Assert.True(await IsNewAsync(1));
        Assert.True(await IsNewAsync(2));
    }

    [Fact]
    public async Task AnAttemptThatTookTooLongLeavesTheNextAlone()
    {
        var slow = new TaskCompletionSource<bool>();
        var first = _offers.OnceAsync(WalSignal.Traces, 1, () => new ValueTask<bool>(slow.Task)).AsTask();
        _time.Advance(TimeSpan.FromMinutes(11));
        Assert.True(await IsNewAsync(1));
        slow.SetResult(false);
        await first;
        Assert.False(await IsNewAsync(1));
    }

    /// <summary>Whether a request is to be queued; then it is, if it may be.</summary>
    private async Task<bool> IsNewAsync(UInt128 digest, bool isQueued = true)
    {
        var isNew = false;
        await _offers.OnceAsync(WalSignal.Traces, digest, () =>
        {
            isNew = true;
            return new ValueTask<bool>(isQueued);
        });
        return isNew;
    }
}
