using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Profiles.Decode;

/// <summary>The second pass over a pprof profile: the samples, of which each type of value and set of labels gets those that have some of it. For one profile; not thread safe.</summary>
internal ref struct PprofSamples
{
    private readonly ReadOnlySpan<byte> _body;
    private readonly PprofTables _tables;
    private readonly ProfileOrigin _origin;
    private readonly ProfileLimits _limits;
    private readonly ProfileBatch _into;
    private readonly Dictionary<ulong, int[]> _locations;
    private readonly Dictionary<(int Set, int Type), Gathered> _gathered = [];
    private readonly SampleLabels _sets;
    private readonly Dictionary<long, LabelKind> _kinds = [];
    private readonly List<ulong> _stack = [];
    private readonly List<long> _values = [];
    private readonly List<(long Key, long Text)> _labels = [];
    private int _read;
    private int _badIds;
    private int _unlabelled;
    private int _noStack = -1;

    public PprofSamples(ReadOnlySpan<byte> body, PprofTables tables, ProfileOrigin origin, ProfileLimits limits, ProfileBatch into)
    {
        _body = body;
        _tables = tables;
        (_origin, _limits, _into) = (origin, limits, into);
        _locations = tables.AddTo(into.Builder);
        _sets = new SampleLabels(limits);
    }

    /// <summary>Adds the windows, all with these times.</summary>
    public ProfileDecodeResult Read(ulong start, ulong end)
    {
        var reader = new WireReader(_body);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag != (2 << 3 | 2))
            {
                reader.Skip(tag);
                continue;
            }
            _read++;
            if (ReadSample(reader.ReadMessage()) is { } problem) return ProfileDecodeResult.Refused($"Sample {_read} of {_tables.SampleCount} {problem}");
        }
        foreach (var ((set, type), gathered) in _gathered.OrderBy(static pair => pair.Key))
        {
            var (name, unit) = _tables.Types[type];
            var series = new ProfileSeries(_origin.Service, _tables.String(name), _tables.String(unit), LabelsOf(set));
            var samples = WindowSort.Sorted([.. gathered.Stacks], [.. gathered.Links], [.. gathered.Values]);
            _into.Add(new WindowFacts(_into.SeriesNumber(series), start, end, _origin.NowUnixNano, 0), samples);
        }
        return new(true, Note());
    }

    private readonly string Note()
    {
        var ids = _badIds == 0 ? "" : $"{_badIds} sample(s) have a span_id or trace_id that is not one in hexadecimal digits; they were stored without a span.";
        var labels = _unlabelled == 0 ? "" : $"{_unlabelled} sample(s) have more labels than are kept: {_limits.MaxLabelSets} different sets (--profile-max-label-sets) of {_limits.MaxLabels} labels of {_limits.MaxLabelLength} characters; they were stored without what is above that.";
        return ids.Length > 0 && labels.Length > 0 ? $"{ids} {labels}" : ids + labels;
    }

    /// <summary>The series' labels: those of the request, and those of the samples, which are the more particular ones.</summary>
    private readonly IReadOnlyList<KeyValuePair<string, string>> LabelsOf(int set)
    {
        if (set == SampleLabels.None) return _origin.Labels;
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in _origin.Labels) labels[key] = value;
        foreach (var (key, text) in _sets.Of(set))
        {
            var name = _tables.String(key);
            labels[name] = _origin.Withholds?.Invoke(name) == true ? ProfileOrigin.Withheld : _tables.String(text);
        }
        return [.. labels];
    }

    private string? ReadSample(WireReader reader)
    {
        _stack.Clear();
        _values.Clear();
        _labels.Clear();
        var (link, isWhole, fits) = (default(SampleLink), true, true);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            switch (tag)
            {
                case 1 << 3: _stack.Add(reader.ReadVarint()); break;
                case 1 << 3 | 2:
                    for (var packed = reader.ReadMessage(); packed.HasMore;) _stack.Add(packed.ReadVarint());
                    break;
                case 2 << 3: _values.Add((long)reader.ReadVarint()); break;
                case 2 << 3 | 2:
                    for (var packed = reader.ReadMessage(); packed.HasMore;) _values.Add((long)packed.ReadVarint());
                    break;
                case 3 << 3 | 2: ReadLabel(reader.ReadMessage(), ref link, ref isWhole, ref fits); break;
                default: reader.Skip(tag); break;
            }
        }
        if (!isWhole) _badIds++;
        if (_values.Count != _tables.Types.Count) return $"has {_values.Count} values, but the profile has {_tables.Types.Count} sample types.";
        return Add(link, fits);
    }

    private string? Add(SampleLink link, bool fits)
    {
        if (ReadStack(out var node) is { } problem) return problem;
        // Numbers are given when the first value is there: what has none leaves nothing behind.
        var (set, linked) = (-1, -1);
        for (var type = 0; type < _values.Count; type++)
        {
            var value = _values[type];
            if (value < 0) return $"has the value {value}; a difference of profiles can't be stored.";
            if (value == 0) continue;
            if (++_into.Unfolded > _limits.MaxFrames) return TooMany();
            if (set < 0)
            {
                var number = _sets.Number(_labels);
                if (number is null || !fits) _unlabelled++;
                set = number ?? SampleLabels.None;
                linked = link == default ? -1 : _into.LinkNumber(link);
            }
            if (!_gathered.TryGetValue((set, type), out var gathered)) _gathered.Add((set, type), gathered = new Gathered());
            gathered.Stacks.Add(node);
            gathered.Links.Add(linked);
            gathered.Values.Add(value);
        }
        return null;
    }

    private string? ReadStack(out int node)
    {
        node = StackTables.Top;
        var depth = 0;
        // Locations are innermost first, and so are the functions that were inlined into one.
        for (var i = _stack.Count - 1; i >= 0; i--)
        {
            if (!_locations.TryGetValue(_stack[i], out var frames)) return $"has the location {_stack[i]}, which is not in the profile.";
            depth += frames.Length;
            _into.Unfolded += frames.Length;
            if (depth > _limits.MaxStackDepth) return $"has a stack of more than {_limits.MaxStackDepth} frames, which is the limit.";
            if (_into.Unfolded > _limits.MaxFrames) return TooMany();
            for (var frame = frames.Length - 1; frame >= 0; frame--) node = _into.Builder.Node(node, frames[frame]);
        }
        if (node == StackTables.Top) node = NoStack();
        return null;
    }

    private readonly string TooMany() => $"brings the frames and values of the request's profiles above {_limits.MaxFrames}, which is the limit (--profile-max-frames). Send shorter windows.";

    private int NoStack()
    {
        var builder = _into.Builder;
        if (_noStack < 0) _noStack = builder.Node(StackTables.Top, builder.Location(builder.Function(builder.Text("[no stack]"), builder.Text("")), 0));
        return _noStack;
    }

    /// <summary>Takes one label; <paramref name="isWhole"/> becomes false where it should name a span and does not, <paramref name="fits"/> where it is above a limit.</summary>
    private readonly void ReadLabel(WireReader reader, ref SampleLink link, ref bool isWhole, ref bool fits)
    {
        var (key, text) = (0L, 0L);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag == 1 << 3) key = (long)reader.ReadVarint();
            else if (tag == 2 << 3) text = (long)reader.ReadVarint();
            else reader.Skip(tag);
        }
        switch (KindOf(key))
        {
            case LabelKind.Trace or LabelKind.Span when !TryReadId(KindOf(key), _tables.Text(text), ref link):
                isWhole = false;
                break;
            case LabelKind.Other when text != 0:
                if (_labels.Count < _limits.MaxLabels && _tables.Text(key).Length <= _limits.MaxLabelLength && _tables.Text(text).Length <= _limits.MaxLabelLength) _labels.Add((key, text));
                else fits = false;
                break;
        }
    }

    private readonly LabelKind KindOf(long key)
    {
        if (_kinds.TryGetValue(key, out var known)) return known;
        var kind = _tables.String(key) switch
        {
            "trace_id" => LabelKind.Trace,
            "span_id" or "profile_id" => LabelKind.Span,
            // Names between underscores are the sender's own business.
            { Length: > 0 } name when !name.StartsWith("__", StringComparison.Ordinal) => LabelKind.Other,
            _ => LabelKind.None,
        };
        _kinds.Add(key, kind);
        return kind;
    }

    private static bool TryReadId(LabelKind kind, ReadOnlySpan<byte> value, ref SampleLink link)
    {
        Span<char> digits = stackalloc char[32];
        if (value.Length > digits.Length || !Ascii.IsValid(value)) return false;
        digits = digits[..Encoding.ASCII.GetChars(value, digits)];
        if (kind == LabelKind.Trace)
        {
            if (!TraceId.TryParse(digits, out var trace)) return false;
            link = link with { TraceId = trace };
            return true;
        }
        if (!SpanId.TryParse(digits, out var span)) return false;
        link = link with { SpanId = span.Value };
        return true;
    }

    private enum LabelKind
    {
        None,
        Trace,
        Span,
        Other,
    }

    /// <summary>The samples of one type with one set of labels.</summary>
    private sealed class Gathered
    {
        public List<int> Stacks { get; } = [];

        public List<int> Links { get; } = [];

        public List<long> Values { get; } = [];
    }
}
