using Throughline.Engine.Blocks.Read;

namespace Throughline.Tests.Blocks;

public sealed class PageCacheTests
{
    [Fact]
    public void TheLeastRecentlyUsedGoesWhenTheLimitIsPassed()
    {
        var cache = new PageCache(1_000);
        for (var i = 0; i < 3; i++) cache.Keep(Key(1, i), $"{i}", 100);
        Assert.Equal("0", cache.Find<string>(Key(1, 0)));
        cache.Keep(Key(1, 3), "3", 100);
        Assert.Null(cache.Find<string>(Key(1, 1)));
        Assert.Equal(["0", "2", "3"], new[] { 0, 2, 3 }.Select(i => cache.Find<string>(Key(1, i))));
        Assert.InRange(cache.MemoryBytes, 300, 1_000);
    }

    [Fact]
    public void WhatIsLargerThanTheCacheIsNotKept()
    {
        var cache = new PageCache(1_000);
        cache.Keep(Key(1, 0), "small", 10);
        cache.Keep(Key(1, 1), "large", 1_001);
        Assert.Equal("small", cache.Find<string>(Key(1, 0)));
        Assert.Null(cache.Find<string>(Key(1, 1)));
    }

    [Fact]
    public void WhatOpenBlocksHoldCounts()
    {
        var cache = new PageCache(1_000);
        cache.Keep(Key(1, 0), "page", 500);
        cache.Hold(600);
        Assert.Null(cache.Find<string>(Key(1, 0)));
        cache.Hold(-600);
        Assert.Equal(0, cache.MemoryBytes);
    }

    [Fact]
    public void PagesOfAClosedBlockGo()
    {
        var cache = new PageCache(1_000);
        var (first, second) = (cache.NextBlock(), cache.NextBlock());
        cache.Keep(Key(first, 0), "first", 10);
        cache.Keep(Key(second, 0), "second", 10);
        cache.Forget(first);
        Assert.Null(cache.Find<string>(Key(first, 0)));
        Assert.Equal("second", cache.Find<string>(Key(second, 0)));
    }

    private static CacheKey Key(int block, int column) => new(block, 0, column, 0, CachedForm.Numbers);
}
