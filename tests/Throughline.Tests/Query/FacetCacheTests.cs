using Throughline.Engine.Query.Execution;

namespace Throughline.Tests.Query;

/// <summary>Counts of blocks' parts are remembered as long as there is room for them.</summary>
public sealed class FacetCacheTests
{
    [Fact]
    public void WhatDoesNotFitBeginsAnewAndWhatIsTooLargeIsNotKept()
    {
        var (segment, other, facet) = (new object(), new object(), new PartFacet(["a", "b"], [1, 2]));
        var cache = new FacetCache(4 * facet.MemoryBytes);
        for (var part = 0; part < 4; part++) cache.Keep(segment, part, "key", facet);
        Assert.Same(facet, cache.Find(segment, 3, "key"));
        Assert.Null(cache.Find(segment, 3, "other"));
        Assert.Null(cache.Find(other, 3, "key"));
        cache.Keep(other, 0, "key", facet);
        Assert.Null(cache.Find(segment, 3, "key"));
        Assert.Same(facet, cache.Find(other, 0, "key"));
        cache.Keep(other, 1, "key", new PartFacet([new string('x', 1000)], [1]));
        Assert.Null(cache.Find(other, 1, "key"));
    }
}
