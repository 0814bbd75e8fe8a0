using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Engine.Lifecycle;

/// <summary>The blocks that queries see, as compaction and retention know them: the store's content, without its heads' insides. Thread safe.</summary>
internal interface IBlockSet
{
    /// <summary>The blocks, in the order in which they were received. Those that are not dropped stay open.</summary>
    IReadOnlyList<StoredBlock> Blocks { get; }

    /// <summary>What queries show.</summary>
    TraceVisibility Visibility { get; }

    /// <summary>Starts of the traces that are in no block yet, ascending.</summary>
    ulong[] HeadTraceStarts();

    /// <summary>Traces that are in no block yet and start there at a moment or later.</summary>
    HashSet<TraceId> HeadTracesFrom(ulong unixNano);

    /// <summary>Retention has dropped blocks that could not be opened: queries do not miss them any more.</summary>
    void ForgetUnopened(IReadOnlyCollection<long> numbers);

    /// <summary>Puts a block, or nothing, in the place of others, whose names no durable manifest has any more; from now on queries show what <paramref name="visibility"/> says.</summary>
    void Replace(IReadOnlyList<StoredBlock> dropped, StoredBlock? added, TraceVisibility visibility);
}
