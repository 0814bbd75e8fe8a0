using System.Globalization;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>
/// Reads the parameters of one request by name, keeping the first thing that is wrong in <see cref="Problem"/>; then the values read are of no use.
/// An empty value is as none. Not thread safe.
/// </summary>
internal sealed class QueryReader(IQueryCollection query)
{
    /// <summary>Values that one repeatable parameter may have.</summary>
    private const int MaxValues = 256;

    private readonly List<string> _known = [];

    /// <summary>The first thing that was wrong; null while all is well.</summary>
    internal Problem? Problem { get; private set; }

    /// <summary>The values of a repeatable parameter.</summary>
    internal IReadOnlyList<string> Many(string name)
    {
        if (!_known.Contains(name)) _known.Add(name);
        var values = new List<string>();
        foreach (var value in query[name])
        {
            if (!string.IsNullOrEmpty(value)) values.Add(value);
        }
        if (values.Count > MaxValues) Fail(name, $"'{name}' is given {values.Count} times; at most {MaxValues} are taken.");
        return values;
    }

    /// <summary>The value of a parameter that may be given once; null when it is not.</summary>
    internal string? Single(string name)
    {
        var values = Many(name);
        if (values.Count > 1) Fail(name, $"'{name}' is given {values.Count} times; it is taken once.");
        return values.Count == 0 ? null : values[0];
    }

    /// <summary>A time in Unix nanoseconds.</summary>
    internal ulong? UnixNano(string name)
    {
        if (Single(name) is not { } text) return null;
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return value;
        Fail(name, $"'{name}' is a time in Unix nanoseconds, such as 1795219200000000000, not '{text}'.");
        return null;
    }

    /// <summary>The time range that the parameters from and to give, in Unix nanoseconds.</summary>
    internal (ulong? From, ulong? To) Range()
    {
        var (from, to) = (UnixNano("from"), UnixNano("to"));
        if (from > to) Fail("from", "'from' is after 'to'; the range is [from, to).");
        return (from, to);
    }

    /// <summary>A duration such as 1.5s, in nanoseconds.</summary>
    internal ulong? Duration(string name)
    {
        if (Single(name) is not { } text) return null;
        if (FilterTextDuration.TryParse(text, out var nano, out var problem)) return nano;
        Fail(name, problem);
        return null;
    }

    /// <summary>A span id.</summary>
    internal SpanId? Span(string name)
    {
        if (Single(name) is not { } text) return null;
        if (SpanId.TryParse(text, out var id)) return id;
        Fail(name, $"'{name}' is a span id of 16 hexadecimal digits, not '{text}'.");
        return null;
    }

    /// <summary>A whole number within bounds.</summary>
    internal int Whole(string name, int minimum, int maximum, int standard)
    {
        if (Single(name) is not { } text) return standard;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= minimum && value <= maximum) return value;
        Fail(name, $"'{name}' is a whole number from {minimum} to {maximum}, not '{text}'.");
        return standard;
    }

    /// <summary>One of some names; answers its place among them, the first when it is not given.</summary>
    internal int OneOf(string name, params ReadOnlySpan<string> names)
    {
        if (Single(name) is not { } text) return 0;
        var index = names.IndexOf(text);
        if (index >= 0) return index;
        Fail(name, $"'{name}' is {string.Join(", ", names[..^1]!)} or {names[^1]}, not '{text}'.");
        return 0;
    }

    /// <summary>Notes what is wrong with a parameter, unless something was before.</summary>
    internal void Fail(string name, string detail, int? position = null) => Problem ??= new Problem(StatusCodes.Status400BadRequest, detail, name, position);

    /// <summary>After all parameters were read: notes one that nobody asked for, which would be a condition that silently does nothing.</summary>
    internal Problem? Finish()
    {
        if (Problem is not null) return Problem;
        foreach (var name in query.Keys)
        {
            if (_known.Contains(name)) continue;
            var known = _known.Count == 0 ? "there are none here" : $"there are {string.Join(", ", _known)}";
            Fail(name, $"There is no parameter '{name}'; {known}.");
        }
        return Problem;
    }
}
