using Throughline.Server.Receive;
using Throughline.Tests.Store;

namespace Throughline.Tests.Server.Receive;

/// <summary>What is kept for the next request: what fits, within bounds, and not for long.</summary>
public sealed class IdlePoolTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void WhatWasReturnedLastIsTakenFirstWhenItFits()
    {
        var pool = new IdlePool<string>(8, 100, _time);
        foreach (var item in (string[])["aa", "bb", "c"]) pool.Return(item, item.Length);

        Assert.Equal("bb", pool.Take(static item => item.Length == 2));
        Assert.Equal("aa", pool.Take(static item => item.Length == 2));
        Assert.Null(pool.Take(static item => item.Length == 2));
        Assert.Equal("c", pool.Take(static _ => true));
    }

    [Theory]
    [InlineData(2, 100)]
    [InlineData(8, 7)]
    public void WhatWaitsLongestGoesWhenThereIsTooMuch(int maxCount, long maxBytes)
    {
        var pool = new IdlePool<string>(maxCount, maxBytes, _time);
        foreach (var item in (string[])["old", "mid", "new"]) pool.Return(item, 3);

        Assert.Equal(["new", "mid"], Enumerable.Range(0, 3).Select(_ => pool.Take(static _ => true)).OfType<string>());
    }

    [Fact]
    public void WhatIsTooLargeIsNotKeptAndDisplacesNothing()
    {
        var pool = new IdlePool<string>(8, 10, _time);
        pool.Return("small", 10);
        pool.Return("huge", 11);

        Assert.Equal("small", pool.Take(static _ => true));
        Assert.Null(pool.Take(static _ => true));
    }

    [Fact]
    public void WhatNobodyTakesGoesAndThenTheClockIsLeftAlone()
    {
        var pool = new IdlePool<string>(8, 100, _time);
        pool.Return("first", 5);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        pool.Return("second", 6);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(1, _time.TimerCount);
        Assert.Equal("second", pool.Take(static _ => true));
        Assert.Null(pool.Take(static _ => true));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _time.TimerCount);
        pool.Return("third", 5);
        Assert.Equal(1, _time.TimerCount);
    }
}
