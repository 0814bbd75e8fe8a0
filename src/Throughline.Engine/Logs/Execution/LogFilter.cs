using System.Text;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Execution;

namespace Throughline.Engine.Logs.Execution;

/// <summary>
/// Which rows of parts a plan asks for. What is known of a part comes first, then the classes, then columns of numbers, then dictionaries, then texts; whoever is asked later looks only at rows
/// that are left. Immutable; thread safe.
/// </summary>
internal sealed class LogFilter
{
    private readonly LogPlan _plan;
    private readonly QueryBounds _bounds;
    private readonly HashSet<string> _services;
    private readonly byte[][] _serviceTexts;
    private readonly byte[][] _scopeTexts;
    private readonly byte[][] _eventTexts;
    private readonly LogNeedle[] _needles;
    private readonly LogAttributeFilter[] _attributes;

    /// <summary>The filter of a plan.</summary>
    public LogFilter(LogPlan plan, QueryBounds bounds)
    {
        (_plan, _bounds) = (plan, bounds);
        _services = [.. plan.Services];
        (_serviceTexts, _scopeTexts, _eventTexts) = (Utf8(plan.Services), Utf8(plan.Scopes), Utf8(plan.EventNames));
        _needles = [.. plan.Texts.Where(t => t.Length > 0).Select(t => new LogNeedle(t, new BoundedTest(new TextContains(t), bounds, isScan: true)))];
        _attributes = [.. plan.Attributes.Select(c => new LogAttributeFilter(c, bounds))];
    }

    private static byte[][] Utf8(IReadOnlyList<string> texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Whether nothing but time and severity decides.</summary>
    public bool IsTimeAndLevel => _plan.Trace is null && _plan.Span is null && _plan.HasTrace is null && _services.Count == 0 && _scopeTexts.Length == 0 && _eventTexts.Length == 0 && _needles.Length == 0
        && _attributes.Length == 0 && _plan.ArrivedAfter is null;

    /// <summary>Whether it decides by severity.</summary>
    public bool HasLevels => _plan.MinimumSeverity > 0 || _plan.Levels.Count > 0;

    /// <summary>Whether all rows of a part lie in the plan's time range.</summary>
    public bool IsInRange(LogPart part) => (_plan.FromUnixNano is not { } from || part.FirstAt >= from) && (_plan.ToUnixNano is not { } to || part.LastAt < to);

    /// <summary>Whether the times of a part reach into the plan's range.</summary>
    public bool CanMatchTimes(LogPart part) => (_plan.FromUnixNano is not { } from || part.LastAt >= from) && (_plan.ToUnixNano is not { } to || part.FirstAt < to);

    /// <summary>False when no row of a part can match, known without reading its columns.</summary>
    public bool CanMatch(LogPart part)
    {
        if (!CanMatchTimes(part)) return false;
        if (_plan.ArrivedAfter is { } after && part.LastSequence <= after) return false;
        if (part.LevelCounts is { } levels && !AnyLevel(levels)) return false;
        if (_services.Count > 0 && part.Services is { } services && !services.Any(s => _services.Contains(s.Name))) return false;
        return _plan.Trace is not { } trace || part.MayHave(trace);
    }

    private bool AnyLevel(long[] counts)
    {
        if (_plan.MinimumSeverity > LogSeverity.Largest) return false;
        // Of the level that the smallest severity belongs to, only the rows know which reach it.
        var lowest = _plan.MinimumSeverity <= 0 ? LogLevel.Unset : LogSeverity.LevelOf(_plan.MinimumSeverity);
        for (var level = lowest; level <= LogLevel.Fatal; level++)
        {
            if (counts[(int)level] > 0 && (_plan.Levels.Count == 0 || _plan.Levels.Contains(level))) return true;
        }
        return false;
    }

    /// <summary>The rows of a part that match; null when none does.</summary>
    public ulong[]? Rows(LogPart part)
    {
        if (!CanMatch(part)) return null;
        var classes = Classes(part);
        if (classes is not null && RowBits.IsEmpty(classes)) return null;
        var rows = RowBits.All(part.Rows);
        KeepTimes(part, rows);
        if (!KeepSpans(part, rows)) return null;
        if (classes is not null) SetScan.And(part.Classes, classes, rows);
        if (_plan.ArrivedAfter is { } after) RangeScan.And(part.Sequence, after == ulong.MaxValue ? ulong.MaxValue : after + 1, after == ulong.MaxValue ? 0 : ulong.MaxValue, rows);
        if (RowBits.IsEmpty(rows)) return null;
        foreach (var attribute in _attributes)
        {
            _bounds.Check();
            attribute.Apply(part, rows);
            if (RowBits.IsEmpty(rows)) return null;
        }
        foreach (var needle in _needles)
        {
            _bounds.Check();
            KeepTexts(part, needle, rows);
            if (RowBits.IsEmpty(rows)) return null;
        }
        return rows;
    }

    /// <summary>The classes that match; null when all do because nothing asks about them.</summary>
    private ulong[]? Classes(LogPart part)
    {
        if (_serviceTexts.Length == 0 && _scopeTexts.Length == 0 && _eventTexts.Length == 0 && !HasLevels) return null;
        var tables = part.Tables;
        var (services, scopes, events) = (Ids(tables, _serviceTexts), Ids(tables, _scopeTexts), Ids(tables, _eventTexts));
        var table = part.ClassTable;
        var chosen = new ulong[RowBits.Words(table.Length)];
        for (var i = 0; i < table.Length; i++)
        {
            ref readonly var c = ref table[i];
            if (services is not null && !services.Contains(tables.Resources.Service[c.Resource])) continue;
            if (scopes is not null && !scopes.Contains(tables.Scopes.Name[c.Scope])) continue;
            if (events is not null && !events.Contains(c.EventName)) continue;
            var level = LogSeverity.LevelOf(c.SeverityNumber);
            if (_plan.Levels.Count > 0 && !_plan.Levels.Contains(level)) continue;
            if (_plan.MinimumSeverity > 0 && (level == LogLevel.Unset || c.SeverityNumber < _plan.MinimumSeverity)) continue;
            RowBits.Set(chosen, i);
        }
        return chosen;
    }

    private static HashSet<int>? Ids(LogTables tables, byte[][] texts)
    {
        if (texts.Length == 0) return null;
        HashSet<int> ids = [];
        foreach (var text in texts) ids.Add(tables.Strings.Find(text));
        ids.Remove(-1);
        return ids;
    }

    private void KeepTimes(LogPart part, Span<ulong> rows)
    {
        if (IsInRange(part)) return;
        if (_plan.ToUnixNano == 0) rows.Clear();
        else RangeScan.And(part.At, _plan.FromUnixNano ?? 0, _plan.ToUnixNano is { } to ? to - 1 : ulong.MaxValue, rows);
    }

    /// <summary>Keeps the rows of the wanted trace and span; false when the part has none.</summary>
    private bool KeepSpans(LogPart part, Span<ulong> rows)
    {
        if (_plan.Trace is null && _plan.Span is null && _plan.HasTrace is null) return true;
        var table = part.SpanTable;
        var chosen = new ulong[RowBits.Words(table.Length)];
        for (var i = 0; i < table.Length; i++)
        {
            ref readonly var span = ref table[i];
            if (_plan.Trace is { } trace && span.TraceId != trace) continue;
            if (_plan.Span is { } id && span.SpanId != id.Value) continue;
            if (_plan.HasTrace is { } has && span.TraceId.IsValid != has) continue;
            RowBits.Set(chosen, i);
        }
        if (RowBits.IsEmpty(chosen)) return false;
        SetScan.And(part.Spans, chosen, rows);
        return true;
    }

    private void KeepTexts(LogPart part, LogNeedle needle, Span<ulong> rows)
    {
        var found = new ulong[rows.Length];
        MarkEvents(part, needle, rows, found);
        var texts = new AnswerBook(needle.Test, _bounds, isScan: true);
        foreach (var column in part.Texts()) texts.Mark(column, found);
        RowBits.And(found, rows);
        var left = rows.ToArray();
        RowBits.AndNot(left, found);
        if (!RowBits.IsEmpty(left)) part.MarkBodies(needle, left, found, _bounds);
        RowBits.And(rows, found);
    }

    private static void MarkEvents(LogPart part, LogNeedle needle, ReadOnlySpan<ulong> rows, Span<ulong> found)
    {
        var table = part.ClassTable;
        var chosen = new ulong[RowBits.Words(table.Length)];
        var answers = new Dictionary<int, bool>();
        for (var i = 0; i < table.Length; i++)
        {
            var name = table[i].EventName;
            if (!answers.TryGetValue(name, out var holds)) answers.Add(name, holds = needle.Test.Holds(part.Tables.Strings[name]));
            if (holds) RowBits.Set(chosen, i);
        }
        if (RowBits.IsEmpty(chosen)) return;
        var some = rows.ToArray();
        SetScan.And(part.Classes, chosen, some);
        RowBits.Or(found, some);
    }
}
