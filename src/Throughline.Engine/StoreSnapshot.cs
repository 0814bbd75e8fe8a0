using Throughline.Engine.Blocks;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;

namespace Throughline.Engine;

/// <summary>What one query sees, and its number: later ones have larger numbers. Immutable.</summary>
internal sealed record StoreSnapshot(ulong Sequence, StoreView View)
{
    /// <summary>The segments: blocks, then heads that become blocks, then the head.</summary>
    public IReadOnlyList<ISpanSegment> Segments => View.Segments;

    /// <summary>Which traces show.</summary>
    public TraceVisibility Visibility => View.Visibility;
}

/// <summary>
/// What the store consists of in memory: the head that takes spans, heads that are becoming blocks (oldest first), and the blocks. Immutable, swapped whole.
/// </summary>
internal sealed record StoreState(Head Active, IReadOnlyList<FrozenHead> Frozen, IReadOnlyList<BlockReader> Blocks);

/// <summary>A head that takes no more spans; its records lie in log segments below <paramref name="EndSegment"/>.</summary>
internal sealed record FrozenHead(Head Head, long EndSegment);
