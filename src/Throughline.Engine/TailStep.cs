using Throughline.Engine.Blocks;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Sampling;

namespace Throughline.Engine;

/// <summary>
/// Tail sampling between the log and the block: of a frozen head, whose active traces stay for the next one, it decides which of the others become part of the block. Undecided spans lie in the log and
/// in a head only; a recovery decides them anew. Owned by the store; <see cref="Sampler"/> may be changed by any thread, the rest is the flusher's.
/// </summary>
internal sealed class TailStep
{
    private readonly TraceStoreOptions _options;
    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly TailMemory _memory;
    private volatile ITailSampler? _sampler;

    /// <summary>Reads what was decided before.</summary>
    public TailStep(TraceStoreOptions options, IFileSystem files, StorePaths paths)
    {
        _options = options;
        _files = files;
        _path = paths.TailDecisions;
        _memory = new TailMemory(options.TailRememberedTraces);
        _sampler = options.TailSampler;
        Problem = _memory.Read(files, _path);
    }

    /// <summary>What could not be read; null when all is well.</summary>
    public string? Problem { get; }

    /// <summary>Who decides; null: every trace is kept.</summary>
    public ITailSampler? Sampler
    {
        get => _sampler;
        set => _sampler = value;
    }

    /// <summary>What a flush leaves for the next block: with a sampler the traces that are not quiet yet, within bounds of their own.</summary>
    public CarryLimits Limits(CarryLimits standard) => _sampler is not { } sampler
        ? standard
        : new CarryLimits((ulong)sampler.Quiet.Ticks * 100, (ulong)_options.TailMaxAge.Ticks * 100, _options.TailMaxSpans) { HeadShare = 2, MaxTraces = CarryLimits.MostTailTraces };

    /// <summary>The age at which a head is turned over: with a sampler sooner, so that quiet traces are decided.</summary>
    public TimeSpan HeadMaxAge => _sampler is null || _options.HeadMaxAge < _options.TailHeadMaxAge ? _options.HeadMaxAge : _options.TailHeadMaxAge;

    /// <summary>Decides about the traces of a frozen head that do not stay; null when everything is kept as it is.</summary>
    public TailPlan? Decide(FrozenHead frozen, Predicate<TraceId> isPinned, Predicate<TraceId> isInBlocks)
    {
        if (_sampler is not { } sampler) return null;
        var view = frozen.Head.TableView();
        var decided = new List<DecidedTrace>(view.TraceCount);
        var rows = TracesToDecide(view, frozen.Carried);
        foreach (var (trace, own) in rows)
        {
            if (!_memory.TryGet(view.TraceId(trace), out _)) sampler.Observe(view.Spans, own);
        }
        var quiet = frozen.Limits.WindowNano;
        foreach (var (trace, own) in rows)
        {
            var id = view.TraceId(trace);
            var isActive = quiet > 0 && frozen.Head.IsActive(own[^1], frozen.CutUnixNano, quiet);
            decided.Add(new DecidedTrace(id, Decide(sampler, view.Spans, id, own, isPinned, isInBlocks), own, isActive));
        }
        return TailPlan.Of(frozen.Head, sampler, decided, [.. rows.Select(static r => r.Trace)]);
    }

    private TailDecision Decide(ITailSampler sampler, SpanBatch spans, TraceId id, int[] rows, Predicate<TraceId> isPinned, Predicate<TraceId> isInBlocks)
    {
        var isKnown = _memory.TryGet(id, out var threshold);
        var decision = isKnown ? new TailDecision(TailDecision.Late, threshold) : sampler.Decide(spans, rows);
        if (decision.IsKept) return decision;
        if (isPinned(id)) return new TailDecision(TailDecision.Pinned, 0);
        // Its first spans were kept, and it is not remembered by which share: it stays whole.
        return !isKnown && isInBlocks(id) ? new TailDecision(TailDecision.Late, 0) : decision;
    }

    private static List<(int Trace, int[] Rows)> TracesToDecide(SpanTableView view, CarriedSpans carried)
    {
        var traces = new List<(int, int[])>(view.TraceCount);
        var rows = new Column<int>(16);
        var next = 0;
        for (var trace = 0; trace < view.TraceCount; trace++)
        {
            if (next < carried.Ordinals.Length && carried.Ordinals[next] == trace)
            {
                next++;
                continue;
            }
            rows.Truncate(0);
            view.AppendRowsOf(trace, ref rows);
            traces.Add((trace, rows.Span.ToArray()));
        }
        return traces;
    }

    /// <summary>Makes what was decided durable: before the block's manifest is, so that no later span is judged otherwise.</summary>
    public void Remember(TailPlan plan)
    {
        foreach (var trace in plan.Traces) _memory.Add(trace.Id, trace.Decision.Threshold);
        _memory.Write(_files, _path);
    }
}
