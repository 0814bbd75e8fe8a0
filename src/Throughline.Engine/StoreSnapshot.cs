using Throughline.Engine.Blocks;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;

namespace Throughline.Engine;

/// <summary>
/// The segments that one query sees, and its number: later ones have larger numbers. Holds its blocks and heads until everyone who holds the snapshot has let go of it: they can be read however the
/// store goes on. Immutable but for the count of its holders; thread safe.
/// </summary>
internal sealed class StoreSnapshot
{
    private int _holders = 1;
    private readonly IReadOnlyList<UnopenedBlock> _unopened;
    private StoreView? _view;

    /// <summary>Looks at a state; the caller is the first holder, and the state's blocks are alive meanwhile.</summary>
    public StoreSnapshot(ulong sequence, StoreState state)
    {
        Sequence = sequence;
        Visibility = state.Visibility;
        Heads = state.Heads;
        _unopened = state.Unopened;
        Blocks = state.Blocks;
        var segments = new List<ISpanSegment>(Blocks.Count + Heads.Count);
        foreach (var block in Blocks)
        {
            block.Retain();
            segments.Add(block.Reader);
        }
        foreach (var head in Heads) head.Retain();
        HeadViews = [.. Heads.Select(h => h.View())];
        segments.AddRange(HeadViews);
        Segments = segments;
    }

    /// <summary>Its number.</summary>
    public ulong Sequence { get; }

    /// <summary>The blocks, then the heads.</summary>
    public IReadOnlyList<ISpanSegment> Segments { get; }

    /// <summary>What retention shows.</summary>
    public TraceVisibility Visibility { get; }

    /// <summary>The blocks.</summary>
    public IReadOnlyList<StoredBlock> Blocks { get; }

    /// <summary>Views of the heads.</summary>
    public IReadOnlyList<HeadSegment> HeadViews { get; }

    /// <summary>The heads whose views it has, and whose memory it holds.</summary>
    public IReadOnlyList<Head> Heads { get; }

    /// <summary>What a query sees of it. <paramref name="split"/> are the store's.</summary>
    public StoreView View(SplitTraces split) => _view ?? Interlocked.CompareExchange(ref _view, new StoreView(Segments, Visibility, split, _unopened), null) ?? _view;

    /// <summary>One holder more. Only who knows that there is one may call it.</summary>
    public void Retain() => Interlocked.Increment(ref _holders);

    /// <summary>One holder less; the last one lets go of blocks and heads.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        foreach (var block in Blocks) block.Release();
        foreach (var head in Heads) head.Release();
    }
}

/// <summary>
/// What the store consists of in memory: the head that takes spans, the head that is becoming a block, the blocks, and what retention shows. Immutable, swapped whole.
/// </summary>
internal sealed record StoreState(Head Active, FrozenHead? Frozen, IReadOnlyList<StoredBlock> Blocks, TraceVisibility Visibility)
{
    /// <summary>The heads, oldest first.</summary>
    public IReadOnlyList<Head> Heads => Frozen is null ? [Active] : [Frozen.Head, Active];

    /// <summary>Blocks that the manifest names and that could not be opened.</summary>
    public IReadOnlyList<UnopenedBlock> Unopened { get; init; } = [];
}

/// <summary>A head that takes no more spans; its records lie in log segments below <paramref name="endSegment"/>. What it leaves for the next head is chosen when it is first asked for. Thread safe.</summary>
internal sealed class FrozenHead(Head head, long endSegment, ulong cutUnixNano, CarryLimits limits)
{
    private readonly Lazy<CarriedSpans> _carried = new(() => head.ChooseCarried(cutUnixNano, limits));

    /// <summary>When it was frozen.</summary>
    public ulong CutUnixNano => cutUnixNano;

    /// <summary>By what its active traces are chosen.</summary>
    public CarryLimits Limits => limits;

    /// <summary>Whether it was decided which of its traces go, and what was decided; the flusher's.</summary>
    public (bool IsDecided, TailPlan? Plan) Tail { get; set; }

    /// <summary>The head.</summary>
    public Head Head => head;

    /// <summary>The first log segment that has nothing of it.</summary>
    public long EndSegment => endSegment;

    /// <summary>What stays for the next head.</summary>
    public CarriedSpans Carried => _carried.Value;

    /// <summary>The first log segment that is needed when the rest is in a block.</summary>
    public long FirstNeededSegment
    {
        get
        {
            var first = endSegment;
            foreach (var trace in Carried.Traces) first = Math.Min(first, trace.FromSegment);
            return first;
        }
    }
}
