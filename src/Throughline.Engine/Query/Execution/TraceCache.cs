using Throughline.Engine.Model;

namespace Throughline.Engine.Query.Execution;

/// <summary>A segment that has spans of a trace: what stays of it from view to view, the trace's number in it, and, where it may grow, the trace's spans in it.</summary>
internal readonly record struct TracePlace(object Segment, int Trace, long Spans);

/// <summary>
/// Large traces that were read: a reader who looks at one goes from window to window of it. An entry is good while the trace lies where it lay and nothing was added to it; it holds no segment.
/// The least recently used go first, and all go when nobody asked for them for a while. Thread safe.
/// </summary>
internal sealed class TraceCache(TimeProvider time, long maxBytes, TimeSpan keepsFor)
{
    /// <summary>A trace of fewer spans is read in a few milliseconds.</summary>
    public const int MinSpans = 2_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<TraceId, Entry> _entries = [];
    private long _bytes;

    /// <summary>Memory that the entries hold.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate) return _bytes;
        }
    }

    /// <summary>The trace as it was read from these places; null when it was not, or lies otherwise by now.</summary>
    public ReadTrace? Find(TraceId id, TracePlace[] places)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(id, out var entry)) return null;
            if (entry.IsOf(places))
            {
                entry.LastUsed = time.GetTimestamp();
                return entry.Trace;
            }
            Remove(id, entry);
            return null;
        }
    }

    /// <summary>Keeps a trace that was read from these places, if it is large, and not too large.</summary>
    public void Keep(TraceId id, TracePlace[] places, ReadTrace trace)
    {
        var bytes = trace.MemoryBytes;
        if (trace.View.Spans.RowCount < MinSpans || bytes > maxBytes) return;
        lock (_gate)
        {
            if (_entries.TryGetValue(id, out var known))
            {
                if (known.Trace == trace) return;
                Remove(id, known);
            }
            while (_bytes + bytes > maxBytes)
            {
                var (oldest, entry) = _entries.MinBy(static e => e.Value.LastUsed);
                Remove(oldest, entry);
            }
            _entries.Add(id, new Entry(places, trace, bytes) { LastUsed = time.GetTimestamp() });
            _bytes += bytes;
        }
    }

    /// <summary>Lets go of what nobody asked for lately.</summary>
    public void Expire()
    {
        lock (_gate)
        {
            foreach (var (id, entry) in _entries.Where(e => time.GetElapsedTime(e.Value.LastUsed) >= keepsFor).ToList()) Remove(id, entry);
        }
    }

    private void Remove(TraceId id, Entry entry)
    {
        _entries.Remove(id);
        _bytes -= entry.Bytes;
    }

    private sealed class Entry(TracePlace[] places, ReadTrace trace, long bytes)
    {
        /// <summary>Weak, so that a block that was merged away, or a head that became one, does not live on for this.</summary>
        private readonly (WeakReference Segment, int Trace, long Spans)[] _places = [.. places.Select(static p => (new WeakReference(p.Segment), p.Trace, p.Spans))];

        public ReadTrace Trace => trace;

        public long Bytes => bytes;

        public long LastUsed { get; set; }

        public bool IsOf(TracePlace[] now)
        {
            if (now.Length != _places.Length) return false;
            for (var i = 0; i < now.Length; i++)
            {
                if (!ReferenceEquals(_places[i].Segment.Target, now[i].Segment) || _places[i].Trace != now[i].Trace || _places[i].Spans != now[i].Spans) return false;
            }
            return true;
        }
    }
}
