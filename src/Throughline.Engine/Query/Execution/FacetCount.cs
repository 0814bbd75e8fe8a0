using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Counts the matching traces of a search by the values of one key: each part's traces by themselves, and those that lie in several segments in the end, each once. Thread safe.
/// </summary>
internal sealed class FacetCount(string key, FacetRequest request, QueryBounds bounds)
{
    /// <summary>Numbers further apart than this are looked up rather than placed in a table.</summary>
    private const long WidestTable = 1 << 20;

    /// <summary>Dictionaries of more entries have a table for each part, which is as wide as the part's numbers lie apart.</summary>
    private const int MostShared = 1 << 16;

    private const int NumbersAtOnce = 512;

    private const int Rejected = -1;

    private readonly FacetColumns _columns = new(key);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];
    private readonly List<long> _traces = [];
    private readonly HashSet<(TraceId Trace, int Value)> _split = [];
    private readonly ConcurrentDictionary<object, int[]> _tables = [];
    private volatile bool _isFull;

    /// <summary>The key.</summary>
    public string Key => key;

    /// <summary>Counts the rows of a part.</summary>
    /// <returns>What was counted of the part; null when that is not all of its values.</returns>
    public PartFacet? Count(ISpanSegment segment, in OpenPart part, FacetRows rows)
    {
        if (_isFull) return null;
        FacetColumn[] columns = [.. _columns.Of(segment, part.Columns)];
        var ids = segment.TraceIds.Slice(part.Facts.FirstTrace, part.Facts.Traces);
        // The rows of a block's trace follow one another: a value was counted for the trace when it was the last for which it was.
        var pairs = columns.Length > 1 || !rows.AreOrdered ? new HashSet<(int, int)>() : null;
        var counts = new PartCounts(pairs);
        var elsewhere = new HashSet<(TraceId, int)>();
        foreach (var column in columns)
        {
            bounds.Check();
            Count(column, column.Owners?.Length ?? part.Facts.Rows, rows, ids, counts, elsewhere);
        }
        return Take(counts, elsewhere);
    }

    private void Count(FacetColumn column, int length, FacetRows rows, ReadOnlySpan<TraceId> ids, PartCounts counts, HashSet<(TraceId, int)> elsewhere)
    {
        var values = new ValueNumbers(this, column);
        var (owners, traceOf) = (column.Owners, rows.TraceOf);
        var (lastNumber, lastTrace) = (0ul, -1);
        Span<ulong> numbers = stackalloc ulong[NumbersAtOnce];
        for (var first = 0; first < length; first += NumbersAtOnce)
        {
            var some = numbers[..Math.Min(NumbersAtOnce, length - first)];
            column.Numbers.CopyTo(first, some);
            for (var i = 0; i < some.Length; i++)
            {
                var row = owners is null ? first + i : owners[first + i];
                var (number, trace) = (some[i], traceOf[row]);
                // Neighbours are mostly of one trace and alike, and say nothing new.
                if (number == lastNumber && trace == lastTrace) continue;
                if (rows.Rows is { } chosen && !RowBits.Has(chosen, row)) continue;
                (lastNumber, lastTrace) = (number, trace);
                var value = values.Of((long)number);
                if (value == Rejected) continue;
                if (rows.Split is { } split && RowBits.Has(split, trace)) elsewhere.Add((ids[trace], value));
                else counts.Add(value, trace);
            }
        }
    }

    /// <summary>Adds what was counted of a part before.</summary>
    public void Add(PartFacet part)
    {
        for (var i = 0; i < part.Texts.Length; i++)
        {
            var value = NumberOf(part.Texts[i]);
            if (value == Rejected) continue;
            lock (_gate) _traces[value] += part.Traces[i];
        }
    }

    /// <summary>The values, of the traces that lie in several segments those of <paramref name="matches"/>.</summary>
    public Facet Result(IReadOnlySet<TraceId> matches, bool exact)
    {
        foreach (var (trace, value) in _split)
        {
            if (matches.Contains(trace)) _traces[value]++;
        }
        var values = new List<FacetValue>();
        for (var i = 0; i < _traces.Count; i++)
        {
            if (_traces[i] > 0) values.Add(new FacetValue(_texts[i], _traces[i]));
        }
        values.Sort(static (a, b) => a.Traces != b.Traces ? b.Traces.CompareTo(a.Traces) : string.CompareOrdinal(a.Text, b.Text));
        var distinct = new Total(values.Count, exact && !_isFull);
        if (values.Count > request.Values) values.RemoveRange(request.Values, values.Count - request.Values);
        return new Facet(key, values, distinct);
    }

    private PartFacet? Take(PartCounts counts, HashSet<(TraceId, int)> elsewhere)
    {
        bounds.Charge(elsewhere.Count * 48L);
        var (texts, traces) = (new List<string>(), new List<int>());
        lock (_gate)
        {
            for (var value = 0; value < counts.Length; value++)
            {
                if (counts[value] == 0) continue;
                _traces[value] += counts[value];
                texts.Add(_texts[value]);
                traces.Add(counts[value]);
            }
            foreach (var pair in elsewhere) _split.Add(pair);
        }
        return _isFull || request.Contains.Length > 0 ? null : new PartFacet([.. texts], [.. traces]);
    }

    /// <summary>The number of a text, <see cref="Rejected"/> when it is not to be counted.</summary>
    private int NumberOf(string? text)
    {
        if (text is null || !text.Contains(request.Contains, StringComparison.OrdinalIgnoreCase)) return Rejected;
        lock (_gate)
        {
            if (_numbers.TryGetValue(text, out var known)) return known;
            if (_texts.Count == FacetRequest.MaxDistinct)
            {
                _isFull = true;
                return Rejected;
            }
            bounds.Charge(96 + (2L * text.Length));
            _numbers.Add(text, _texts.Count);
            _texts.Add(text);
            _traces.Add(0);
            return _texts.Count - 1;
        }
    }

    /// <summary>The numbers of the texts of a dictionary, or a table of operations, for all parts that go by it.</summary>
    private int[] TableOf(object source, int count)
    {
        if (_tables.TryGetValue(source, out var known)) return known;
        var table = new int[count];
        if (!_tables.TryAdd(source, table)) return _tables[source];
        bounds.Charge(4L * count);
        return table;
    }

    /// <summary>The values' numbers by the column's numbers, each found once.</summary>
    private readonly struct ValueNumbers
    {
        private readonly FacetCount _count;
        private readonly FacetColumn _column;
        private readonly long _first;
        private readonly int[] _table;
        private readonly Dictionary<long, int> _found;

        public ValueNumbers(FacetCount count, FacetColumn column)
        {
            (_count, _column, _found, _table) = (count, column, [], []);
            if (column.Scope is { Count: <= MostShared } scope)
            {
                _table = count.TableOf(scope.Source, scope.Count);
                return;
            }
            if (column.Bounds is not { } bounds || (UInt128)((Int128)bounds.Largest - bounds.Smallest) >= WidestTable) return;
            _first = bounds.Smallest;
            _table = new int[bounds.Largest - bounds.Smallest + 1];
        }

        /// <summary>Two more than the number stand in the tables: 0 is a number not asked for yet, 1 a rejected one.</summary>
        public int Of(long number)
        {
            var place = unchecked((ulong)(number - _first));
            ref var known = ref place < (ulong)_table.Length ? ref _table[place] : ref CollectionsMarshal.GetValueRefOrAddDefault(_found, number, out _);
            // Threads that find the same number at once find the same.
            var found = Volatile.Read(ref known);
            if (found == 0) Volatile.Write(ref known, found = _count.NumberOf(_column.Text(number)) + 2);
            return found - 2;
        }
    }

    /// <summary>The traces of one part by value.</summary>
    private sealed class PartCounts(HashSet<(int, int)>? pairs)
    {
        private Column<int> _traces = new(0);
        private Column<int> _last = new(0);

        public int Length => _traces.Count;

        public int this[int value] => _traces[value];

        public void Add(int value, int trace)
        {
            while (_traces.Count <= value)
            {
                _traces.Add(0);
                _last.Add(-1);
            }
            if (_last.Items[value] == trace) return;
            _last.Items[value] = trace;
            if (pairs is null || pairs.Add((value, trace))) _traces.Items[value]++;
        }
    }
}
