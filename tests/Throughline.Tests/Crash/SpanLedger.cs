using Throughline.Engine.Model;

namespace Throughline.Tests.Crash;

/// <summary>A span as the store gives it back.</summary>
internal readonly record struct FoundSpan(ulong Id, ulong Parent, string Name, string? Detail);

/// <summary>
/// All that was ever sent to a store in a crash test, and the judgement over what is found: every acknowledged span once and whole, every other request
/// whole or not at all, and nothing that nobody sent. Thread safe while requests are made.
/// </summary>
internal sealed class SpanLedger(int seed)
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly List<CrashRequest> _requests = [];
    private readonly List<TraceId> _recentTraces = [];
    private ulong _lastSpan;

    /// <summary>Every request that was made.</summary>
    public IReadOnlyList<CrashRequest> Requests
    {
        get
        {
            lock (_gate)
                return [.. _requests];
        }
    }

    /// <summary>A new request: some spans, partly of traces that others have spans of too.</summary>
    public CrashRequest Next()
    {
        lock (_gate)
        {
            var spans = new List<CrashSpan>();
            for (var traces = _random.Next(1, 4); traces > 0; traces--)
                AddSpans(spans, TraceOf());
            var request = new CrashRequest(_requests.Count, spans);
            _requests.Add(request);
            return request;
        }
    }

    /// <summary>Compares with what is there; null when all is well. Answers the number of distinct spans found.</summary>
    public string? Check(IReadOnlyDictionary<TraceId, IReadOnlyList<FoundSpan>> found, out int spans)
    {
        var wrong = CheckServed(found);
        var there = found.SelectMany(t => t.Value.Select(s => (t.Key, s.Id))).ToHashSet();
        spans = there.Count;
        if (wrong is not null)
            return wrong;
        foreach (var request in Requests)
        {
            var present = request.Spans.Count(s => there.Contains((s.Trace, s.Id)));
            if (request.IsAcknowledged && present < request.Spans.Count)
                return $"request {request.Number} was acknowledged, {request.Spans.Count - present} of its {request.Spans.Count} spans are not there";
            if (present != 0 && present != request.Spans.Count)
                return $"request {request.Number} is there in part: {present} of {request.Spans.Count} spans";
        }
        return null;
    }

    /// <summary>Compares what is there with what was sent, whatever is missing: every span as it was sent, and once.</summary>
    public string? CheckServed(IReadOnlyDictionary<TraceId, IReadOnlyList<FoundSpan>> found)
    {
        var sent = Requests.SelectMany(r => r.Spans).ToDictionary(s => (s.Trace, s.Id));
        var there = new HashSet<(TraceId, ulong)>();
        foreach (var (trace, spans) in found)
        {
            foreach (var span in spans)
            {
                if (!there.Add((trace, span.Id)))
                    return $"span {span.Id:x16} of trace {trace} is there twice";
                if (!sent.TryGetValue((trace, span.Id), out var original))
                    return $"span {span.Id:x16} of trace {trace} was never sent";
                if (span != new FoundSpan(original.Id, original.Parent, original.Name, original.Detail))
                    return $"span {span.Id:x16} of trace {trace} was sent as {original}, and is there as {span}";
            }
        }
        return null;
    }

    private TraceId TraceOf()
    {
        if (_recentTraces.Count > 0 && _random.Next(3) == 0)
            return _recentTraces[_random.Next(_recentTraces.Count)];
        var trace = new TraceId((ulong)_random.NextInt64(), (ulong)_random.NextInt64(1, long.MaxValue));
        _recentTraces.Add(trace);
        if (_recentTraces.Count > 8)
            _recentTraces.RemoveAt(0);
        return trace;
    }

    private void AddSpans(List<CrashSpan> spans, TraceId trace)
    {
        ulong parent = 0;
        for (var count = _random.Next(1, 6); count > 0; count--)
        {
            var id = ++_lastSpan * 0x9E3779B97F4A7C15;
            spans.Add(new CrashSpan(trace, id, parent));
            parent = id;
        }
    }
}
