using System.Globalization;
using System.Text;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;

namespace Throughline.Engine.Logs.Execution;

/// <summary>Counts the matches of a plan by the values that they have under a key; a record that has a value twice counts once. One query's own; not thread safe.</summary>
internal sealed class LogValueCounts(LogPlan plan, LogWalk walk, string key, string contains)
{
    /// <summary>Different values that are counted; a key that has more is counted in part.</summary>
    public const int MaxDistinct = 20_000;

    private readonly LogFilter _filter = new(plan, walk.Bounds);
    private readonly TextSearch _search = new(contains);
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<long> _counts = [];
    private bool _isWhole = true;

    /// <summary>Counts.</summary>
    public LogValues Run(int values)
    {
        foreach (var part in walk.Parts)
        {
            if (!walk.Try(part, Count)) break;
        }
        var found = _ids.Select(v => new LogValueCount(v.Key, _counts[v.Value])).OrderByDescending(v => v.Entries).ThenBy(v => v.Text, StringComparer.Ordinal).Take(values).ToArray();
        return new LogValues(key, found, new Total(_ids.Count, _isWhole && walk.Truncated is null), walk.Truncated);
    }

    private void Count(LogPart part)
    {
        if (_filter.Rows(part) is not { } rows) return;
        switch (key)
        {
            case "service": CountClasses(part, rows, (in LogClass c, LogTables t) => Text(t, t.Resources.Service[c.Resource])); break;
            case "level": CountClasses(part, rows, static (in LogClass c, LogTables _) => LogSeverity.LevelOf(c.SeverityNumber).ToString().ToLowerInvariant()); break;
            case "severity": CountClasses(part, rows, (in LogClass c, LogTables t) => Text(t, c.SeverityText)); break;
            case "scope": CountClasses(part, rows, (in LogClass c, LogTables t) => Text(t, t.Scopes.Name[c.Scope])); break;
            case "event": CountClasses(part, rows, (in LogClass c, LogTables t) => Text(t, c.EventName)); break;
            default: CountAttribute(part, rows); break;
        }
    }

    private delegate string ClassText(in LogClass logClass, LogTables tables);

    private static string Text(LogTables tables, int id) => Encoding.UTF8.GetString(tables.Strings[id]);

    private void CountClasses(LogPart part, ulong[] rows, ClassText text)
    {
        var table = part.ClassTable;
        var counts = LogCounts.RowsOfClasses(part, rows);
        for (var i = 0; i < counts.Length; i++)
        {
            // An empty severity text or event name is none.
            if (counts[i] > 0 && text(table[i], part.Tables) is { Length: > 0 } value) Add(Id(value), counts[i]);
        }
    }

    private void CountAttribute(LogPart part, ulong[] rows)
    {
        var (name, own, resources) = key.StartsWith("log.", StringComparison.Ordinal) ? (key[4..], true, false)
            : key.StartsWith("resource.", StringComparison.Ordinal) ? (key[9..], false, true) : (key, true, true);
        var id = part.Tables.Strings.Find(Encoding.UTF8.GetBytes(name));
        if (id < 0) return;
        List<(int Row, int Value)> pairs = [];
        if (own)
        {
            foreach (var column in part.Attribute(id)) AddValues(column, rows, pairs);
        }
        if (resources) AddResources(part, id, rows, pairs);
        // A record may have one value in several types, or twice, or its resource may have it too.
        pairs.Sort();
        for (var i = 0; i < pairs.Count; i++)
        {
            if (i == 0 || pairs[i] != pairs[i - 1]) Add(pairs[i].Value, 1);
        }
    }

    private void AddValues(ValueColumn column, ulong[] rows, List<(int Row, int Value)> pairs)
    {
        if (column.Type is not (AttributeType.String or AttributeType.Int or AttributeType.Double or AttributeType.Bool)) return;
        var (values, owners) = (column.Values, column.Owners);
        var known = new Dictionary<ulong, int>();
        for (var i = 0; i < values.Count; i++)
        {
            if ((i & 4095) == 0) walk.Bounds.Check();
            if (!RowBits.Has(rows, owners[i])) continue;
            if (!known.TryGetValue(values[i], out var id)) known.Add(values[i], id = Id(ValueText(column, values[i])));
            if (id >= 0) pairs.Add((owners[i], id));
        }
    }

    private static string ValueText(ValueColumn column, ulong value) =>
        column.Dictionary is { } dictionary ? dictionary.Text((long)value) : ScalarText(column.Type, (long)value);

    private static string ScalarText(AttributeType type, long value) => type switch
    {
        AttributeType.Int => value.ToString(CultureInfo.InvariantCulture),
        AttributeType.Double => BitConverter.Int64BitsToDouble(value).ToString("R", CultureInfo.InvariantCulture),
        _ => value != 0 ? "true" : "false",
    };

    private void AddResources(LogPart part, int name, ulong[] rows, List<(int Row, int Value)> pairs)
    {
        var tables = part.Tables;
        var values = new List<int>?[tables.Resources.Count];
        var classes = part.Classes;
        var table = part.ClassTable;
        foreach (var row in RowBits.ToArray(rows))
        {
            var resource = table[(int)classes[row]].Resource;
            // Values that only other rows have are none of the matches.
            foreach (var value in values[resource] ??= ResourceValues(tables, resource, name)) pairs.Add((row, value));
        }
    }

    private List<int> ResourceValues(LogTables tables, int resource, int name)
    {
        List<int> values = [];
        var attributes = tables.Resources.Attributes;
        for (var i = tables.Resources.AttributeOffset[resource]; i < tables.Resources.AttributeOffset[resource + 1]; i++)
        {
            var type = (AttributeType)attributes.Type[i];
            if (attributes.Key[i] != name || type is not (AttributeType.String or AttributeType.Int or AttributeType.Double or AttributeType.Bool)) continue;
            var id = Id(type == AttributeType.String ? Text(tables, (int)attributes.Value[i]) : ScalarText(type, attributes.Value[i]));
            if (id >= 0) values.Add(id);
        }
        return values;
    }

    private int Id(string text)
    {
        if (_ids.TryGetValue(text, out var id)) return id;
        if (contains.Length > 0 && !_search.IsIn(Encoding.UTF8.GetBytes(text))) return -1;
        if (_ids.Count == MaxDistinct)
        {
            _isWhole = false;
            return -1;
        }
        walk.Bounds.Charge(2L * text.Length + 80);
        _ids.Add(text, id = _counts.Count);
        _counts.Add(0);
        return id;
    }

    private void Add(int value, long rows)
    {
        if (value >= 0) _counts[value] += rows;
    }
}
