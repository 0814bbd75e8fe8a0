using Throughline.Engine.Blocks;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine;

/// <summary>The segments that one query sees, and its number: later ones have larger numbers. Immutable.</summary>
internal sealed record StoreSnapshot(ulong Sequence, IReadOnlyList<ISpanSegment> Segments);

/// <summary>
/// What the store consists of in memory: the head that takes spans, heads that are becoming blocks (oldest first), and the blocks. Immutable, swapped whole.
/// </summary>
internal sealed record StoreState(Head Active, IReadOnlyList<FrozenHead> Frozen, IReadOnlyList<BlockReader> Blocks);

/// <summary>A head that takes no more spans; its records lie in log segments below <paramref name="EndSegment"/>.</summary>
internal sealed record FrozenHead(Head Head, long EndSegment);
