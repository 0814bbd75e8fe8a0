using System.Runtime.CompilerServices;

namespace Throughline.Engine.Query.Execution;

/// <summary>The traces of one part of a block by the values of one key: all of its traces, and each lies in it alone. Immutable.</summary>
internal sealed record PartFacet(string[] Texts, int[] Traces)
{
    /// <summary>Memory held, about.</summary>
    public long MemoryBytes
    {
        get
        {
            var bytes = 160L;
            foreach (var text in Texts) bytes += 36 + (2L * text.Length);
            return bytes;
        }
    }
}

/// <summary>
/// What facets over all traces have counted of blocks, which do not change: who looks at everything looks again a moment later. Lives with the blocks; bounded, and begun anew when it is full. One a
/// store; thread safe.
/// </summary>
internal sealed class FacetCache(long maxBytes)
{
    private readonly Lock _gate = new();
    private ConditionalWeakTable<object, Dictionary<(int FirstTrace, string Key), PartFacet>> _segments = [];
    private long _bytes;

    /// <summary>What was counted; null when it was not.</summary>
    public PartFacet? Find(object segment, int firstTrace, string key)
    {
        lock (_gate) return _segments.TryGetValue(segment, out var parts) ? parts.GetValueOrDefault((firstTrace, key)) : null;
    }

    /// <summary>Keeps what was counted.</summary>
    public void Keep(object segment, int firstTrace, string key, PartFacet facet)
    {
        var bytes = facet.MemoryBytes;
        if (bytes > maxBytes / 4) return;
        lock (_gate)
        {
            // Blocks that are gone are counted until then, so that it may begin anew too early, and never too late.
            if (_bytes + bytes > maxBytes) (_segments, _bytes) = ([], 0);
            if (_segments.GetOrCreateValue(segment).TryAdd((firstTrace, key), facet)) _bytes += bytes;
        }
    }
}
