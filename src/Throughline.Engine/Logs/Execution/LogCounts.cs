using System.Numerics;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query;

namespace Throughline.Engine.Logs.Execution;

/// <summary>Counts matches by time and level, and records by service. Where what is known of a part answers, its rows are not looked at. One query's own.</summary>
internal sealed class LogCounts(LogPlan plan, LogWalk walk)
{
    private readonly LogFilter _filter = new(plan, walk.Bounds);

    /// <summary>Matches by time and level.</summary>
    public LogHistogram Histogram(int steps)
    {
        var (from, last) = Range();
        if (from > last) return new LogHistogram(from, 1, [], new Total(0, walk.Truncated is null), walk.Truncated);
        // A single step over all times that there are is longer than a number can say: the last step takes what is behind it.
        var step = (last - from) / (ulong)steps;
        if (step != ulong.MaxValue) step++;
        var counts = new long[(int)Math.Min((ulong)steps, (last - from) / step + 1)][];
        for (var i = 0; i < counts.Length; i++) counts[i] = new long[LogSeverity.Levels];
        walk.Each(walk.Parts, part => walk.Try(part, p => Count(p, from, step, counts)));
        return new LogHistogram(from, step, counts, new Total(counts.Sum(c => c.Sum()), walk.Truncated is null), walk.Truncated);
    }

    /// <summary>The plan's range with its last nanosecond; where it is open, the times of all records.</summary>
    private (ulong From, ulong Last) Range()
    {
        var (first, last) = (ulong.MaxValue, 0ul);
        foreach (var part in walk.Parts) (first, last) = (Math.Min(first, part.FirstAt), Math.Max(last, part.LastAt));
        if (plan.ToUnixNano == 0) return (1, 0);
        return (plan.FromUnixNano ?? first, plan.ToUnixNano is { } to ? to - 1 : last);
    }

    private void Count(LogPart part, ulong from, ulong step, long[][] counts)
    {
        if (!_filter.CanMatch(part)) return;
        if (_filter.IsTimeAndLevel && !_filter.HasLevels && _filter.IsInRange(part) && part.LevelCounts is { } levels && (part.FirstAt - from) / step == (part.LastAt - from) / step)
        {
            var target = counts[(int)Math.Min((ulong)counts.Length - 1, (part.FirstAt - from) / step)];
            for (var i = 0; i < levels.Length; i++) Interlocked.Add(ref target[i], levels[i]);
            return;
        }
        if (_filter.Rows(part) is not { } rows) return;
        var (at, classes) = (part.At, part.Classes);
        var table = part.ClassTable;
        var levelOf = new byte[table.Length];
        for (var i = 0; i < levelOf.Length; i++) levelOf[i] = (byte)LogSeverity.LevelOf(table[i].SeverityNumber);
        // Neighbours are mostly of one step: a division a row would take longer than all else.
        var (start, current) = (0ul, (long[]?)null);
        var found = new long[LogSeverity.Levels];
        void Add()
        {
            for (var level = 0; current is not null && level < found.Length; level++)
            {
                if (found[level] > 0) Interlocked.Add(ref current[level], found[level]);
            }
            Array.Clear(found);
        }
        for (var word = 0; word < rows.Length; word++)
        {
            if ((word & 255) == 0) walk.Bounds.Check();
            for (var left = rows[word]; left != 0; left &= left - 1)
            {
                var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                var distance = at[row] - from;
                if (current is null || distance < start || distance - start >= step)
                {
                    Add();
                    current = counts[(int)Math.Min((ulong)counts.Length - 1, distance / step)];
                    start = distance / step * step;
                }
                found[levelOf[(int)classes[row]]]++;
            }
        }
        Add();
    }

    /// <summary>Records and errors by service.</summary>
    public LogServices Services()
    {
        var counts = new SortedDictionary<string, (long Entries, long Errors)>(StringComparer.Ordinal);
        void Add(string name, long entries, long errors)
        {
            if (!counts.TryGetValue(name, out var before)) walk.Bounds.Charge(2L * name.Length + 120);
            counts[name] = (before.Entries + entries, before.Errors + errors);
        }
        foreach (var part in walk.Parts)
        {
            if (!walk.Try(part, p => CountServices(p, Add))) break;
        }
        return new LogServices([.. counts.Select(c => new LogService(c.Key, c.Value.Entries, c.Value.Errors))], walk.Truncated);
    }

    private void CountServices(LogPart part, Action<string, long, long> add)
    {
        if (!_filter.CanMatch(part)) return;
        if (_filter.IsInRange(part) && part.Services is { } services)
        {
            foreach (var service in services) add(service.Name, service.Entries, service.Errors);
            return;
        }
        if (_filter.Rows(part) is not { } rows) return;
        var table = part.ClassTable;
        var counts = RowsOfClasses(part, rows);
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            var name = System.Text.Encoding.UTF8.GetString(part.Tables.Strings[part.Tables.Resources.Service[table[i].Resource]]);
            add(name, counts[i], LogSeverity.LevelOf(table[i].SeverityNumber) >= LogLevel.Error ? counts[i] : 0);
        }
    }

    /// <summary>By class: how many of some rows are of it.</summary>
    public static long[] RowsOfClasses(LogPart part, ReadOnlySpan<ulong> rows)
    {
        var (classes, counts) = (part.Classes, new long[part.ClassTable.Length]);
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = rows[word]; left != 0; left &= left - 1) counts[(int)classes[(word << 6) + BitOperations.TrailingZeroCount(left)]]++;
        }
        return counts;
    }

    /// <summary>The keys of attributes in the parts that reach into the plan's range.</summary>
    public LogKeys Keys()
    {
        var found = new Dictionary<(bool IsResource, string Key), KnownKey>();
        foreach (var part in walk.Parts)
        {
            if (!walk.Try(part, p => AddKeys(p, found))) break;
        }
        return new LogKeys(
            [.. found.Select(f => new LogKey(f.Key.Key, f.Key.IsResource, [.. f.Value.Types.Order()], f.Value.Parts)).OrderBy(k => k.IsResource).ThenBy(k => k.Key, StringComparer.Ordinal)], walk.Truncated);
    }

    /// <summary>What is known of a key so far.</summary>
    private sealed class KnownKey
    {
        public HashSet<Model.AttributeType> Types { get; } = [];

        public int Parts { get; set; }

        public LogPart? Last { get; set; }
    }

    private void AddKeys(LogPart part, Dictionary<(bool, string), KnownKey> found)
    {
        if (!_filter.CanMatch(part)) return;
        var tables = part.Tables;
        var seen = new HashSet<(bool, int)>();
        void Add(bool isResource, int key, Model.AttributeType type)
        {
            if (!seen.Add((isResource, ShapeTable.MemberOf(key, type)))) return;
            var name = (isResource, System.Text.Encoding.UTF8.GetString(tables.Strings[key]));
            if (!found.TryGetValue(name, out var known))
            {
                walk.Bounds.Charge(2L * name.Item2.Length + 400);
                found.Add(name, known = new KnownKey());
            }
            known.Types.Add(type);
            if (ReferenceEquals(known.Last, part)) return;
            known.Last = part;
            known.Parts++;
        }
        for (var shape = 0; shape < tables.Shapes.Count; shape++)
        {
            foreach (var member in tables.Shapes[shape]) Add(false, ShapeTable.KeyOf(member), ShapeTable.TypeOf(member));
        }
        var attributes = tables.Resources.Attributes;
        for (var i = 0; i < attributes.Count; i++) Add(true, attributes.Key[i], (Model.AttributeType)attributes.Type[i]);
    }
}
