using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Sampling;

namespace Throughline.Server.SelfTelemetry;

/// <summary>
/// Spans, errors and durations by service, operation, kind and status since the start, for /metrics. Counted as spans are stored, since a counter may only grow: what the store holds shrinks with
/// its retention. A span that was sampled counts for as many as its trace state says that it stands for (<see cref="SamplingThreshold"/>), as in the store's own figures. Bounded: spans of operations beyond so many are counted in one number. One per server, written by the receivers; thread safe.
/// </summary>
/// <param name="maxOperations">Combinations of service, operation, kind and status that have figures of their own.</param>
public sealed class RedCounters(int maxOperations)
{
    /// <summary>Bytes of a service's and an operation's name that are told apart: a sender's name of a megabyte is not to be one of every answer.</summary>
    private const int MaxLabelBytes = 256;

    /// <summary>A batch of more combinations than this leaves no buffers behind.</summary>
    private const int MaxKeptSlots = 4096;

    private readonly Lock _lock = new();
    private readonly ByteDictionary _keys = new();
    private readonly List<Row> _rows = [];
    private readonly ConcurrentBag<Tally> _tallies = [];
    private double _spansOverLimit;

    /// <summary>Combinations that may have figures of their own.</summary>
    public int MaxOperations => maxOperations;

    /// <summary>Spans of combinations beyond <see cref="MaxOperations"/>.</summary>
    public long SpansOverLimit
    {
        get
        {
            lock (_lock)
            {
                return (long)Math.Round(_spansOverLimit);
            }
        }
    }

    /// <summary>Counts the spans of a batch that has been stored.</summary>
    public void Count(SpanBatch batch)
    {
        var tally = _tallies.TryTake(out var idle) ? idle : new Tally();
        tally.Read(batch);
        lock (_lock)
        {
            for (var slot = 0; slot < tally.Slots; slot++)
            {
                if (RowOf(tally.KeyOf(slot, batch)) is { } row) row.Add(tally, slot, batch);
                else _spansOverLimit += tally.SpansOf(slot);
            }
        }
        if (tally.Slots > MaxKeptSlots) return;
        tally.Clear();
        _tallies.Add(tally);
    }

    /// <summary>The figures so far, in the order in which their operations came.</summary>
    public IReadOnlyList<RedFigures> Read()
    {
        lock (_lock)
        {
            return [.. _rows.Select(static row => row.Read())];
        }
    }

    private Row? RowOf(ReadOnlySpan<byte> key)
    {
        if (_keys.Count >= maxOperations)
        {
            var known = _keys.Find(key);
            return known < 0 ? null : _rows[known];
        }
        var id = _keys.GetOrAdd(key, out var added);
        if (added) _rows.Add(new Row(key));
        return _rows[id];
    }

    /// <summary>What one batch adds, by slots: one a combination of service, name, kind and status. Not thread safe.</summary>
    private sealed class Tally
    {
        private readonly Dictionary<(int Service, int Name, int Kind, int Status), int> _slots = [];
        private readonly List<(int Service, int Name, int Kind, int Status)> _combinations = [];
        private readonly List<byte> _key = [];
        private readonly Dictionary<int, double> _weights = [];
        private double[] _counts = [];
        private int[] _lastRows = [];
        private double[] _seconds = [];

        public int Slots => _combinations.Count;

        public void Read(SpanBatch batch)
        {
            var buckets = RedBuckets.Count;
            for (var row = 0; row < batch.RowCount; row++)
            {
                var combination = (batch.Resources.Service[batch.Resource[row]], batch.Name[row], batch.Kind[row], batch.Status[row]);
                ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_slots, combination, out var known);
                if (!known) slot = Add(combination);
                var duration = batch.DurationNano(row);
                var cell = (slot * buckets) + RedBuckets.Of(duration);
                var weight = WeightOf(batch, row);
                _counts[cell] += weight;
                _lastRows[cell] = row;
                _seconds[slot] += weight * (duration / 1e9);
            }
        }

        private double WeightOf(SpanBatch batch, int row)
        {
            var state = batch.TraceState[row];
            if (batch.Strings[state].IsEmpty) return 1;
            if (!_weights.TryGetValue(state, out var weight)) _weights.Add(state, weight = SamplingThreshold.WeightOf(SamplingThreshold.Read(batch.Strings[state])));
            return weight;
        }

        private int Add((int, int, int, int) combination)
        {
            var slot = _combinations.Count;
            _combinations.Add(combination);
            var cells = (slot + 1) * RedBuckets.Count;
            if (_seconds.Length <= slot)
            {
                Array.Resize(ref _seconds, Math.Max(16, slot * 2));
                Array.Resize(ref _counts, _seconds.Length * RedBuckets.Count);
                Array.Resize(ref _lastRows, _seconds.Length * RedBuckets.Count);
            }
            _seconds[slot] = 0;
            _counts.AsSpan(cells - RedBuckets.Count, RedBuckets.Count).Clear();
            return slot;
        }

        public ReadOnlySpan<double> CountsOf(int slot) => _counts.AsSpan(slot * RedBuckets.Count, RedBuckets.Count);

        public int LastRowOf(int slot, int bucket) => _lastRows[(slot * RedBuckets.Count) + bucket];

        public double SecondsOf(int slot) => _seconds[slot];

        public double SpansOf(int slot)
        {
            var sum = 0.0;
            foreach (var count in CountsOf(slot)) sum += count;
            return sum;
        }

        /// <summary>Lengths before texts, so that no two combinations have the same bytes. Valid until the next call.</summary>
        public ReadOnlySpan<byte> KeyOf(int slot, SpanBatch batch)
        {
            var (service, name, kind, status) = _combinations[slot];
            var text = Cut(batch.Strings[service]);
            _key.Clear();
            ReadOnlySpan<int> numbers = [kind, status, text.Length];
            _key.AddRange(MemoryMarshal.AsBytes(numbers));
            _key.AddRange(text);
            _key.AddRange(Cut(batch.Strings[name]));
            return CollectionsMarshal.AsSpan(_key);
        }

        public void Clear()
        {
            _slots.Clear();
            _combinations.Clear();
            _weights.Clear();
        }

        /// <summary>A text of valid UTF-8 without what is too long for a label.</summary>
        private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text)
        {
            if (text.Length <= MaxLabelBytes) return text;
            var length = MaxLabelBytes;
            while ((text[length] & 0xC0) == 0x80) length--;
            return text[..length];
        }
    }

    /// <summary>The figures of one combination. Guarded by the lock of its owner.</summary>
    private sealed class Row
    {
        private readonly string _service, _name;
        private readonly int _kind, _status;
        private readonly double[] _counts = new double[RedBuckets.Count];
        private readonly RedExemplar?[] _exemplars = new RedExemplar?[RedBuckets.Count];
        private double _seconds;

        public Row(ReadOnlySpan<byte> key)
        {
            const int head = 3 * sizeof(int);
            var numbers = MemoryMarshal.Cast<byte, int>(key[..head]);
            (_kind, _status) = (numbers[0], numbers[1]);
            _service = System.Text.Encoding.UTF8.GetString(key.Slice(head, numbers[2]));
            _name = System.Text.Encoding.UTF8.GetString(key[(head + numbers[2])..]);
        }

        public void Add(Tally tally, int slot, SpanBatch batch)
        {
            var counts = tally.CountsOf(slot);
            for (var bucket = 0; bucket < counts.Length; bucket++)
            {
                if (counts[bucket] == 0) continue;
                _counts[bucket] += counts[bucket];
                var row = tally.LastRowOf(slot, bucket);
                _exemplars[bucket] = new RedExemplar(batch.TraceId[row], batch.SpanId[row], batch.DurationNano(row) / 1e9, batch.EndUnixNano[row]);
            }
            _seconds += tally.SecondsOf(slot);
        }

        public RedFigures Read() => new(_service, _name, _kind, _status, Whole(), [.. _exemplars], _seconds);

        /// <summary>Whole numbers of which all sums from the first bucket on are right within a half, and never fall.</summary>
        private long[] Whole()
        {
            var whole = new long[_counts.Length];
            var (sum, before) = (0.0, 0L);
            for (var bucket = 0; bucket < whole.Length; bucket++)
            {
                sum += _counts[bucket];
                var upTo = (long)Math.Round(sum);
                (whole[bucket], before) = (upTo - before, upTo);
            }
            return whole;
        }
    }
}

/// <summary>The figures of one combination of service, operation, kind and status. Immutable.</summary>
/// <param name="Counts">Spans by bucket of <see cref="RedBuckets"/>, each counted once.</param>
/// <param name="Exemplars">A recent span of each bucket, null of one without spans.</param>
/// <param name="Seconds">The durations together.</param>
public sealed record RedFigures(string Service, string Name, int Kind, int Status, long[] Counts, RedExemplar?[] Exemplars, double Seconds);

/// <summary>A span that stands for those of its bucket. Immutable.</summary>
public readonly record struct RedExemplar(TraceId TraceId, ulong SpanId, double Seconds, ulong UnixNano);
