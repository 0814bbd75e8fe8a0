using System.Runtime.InteropServices;

namespace Throughline.Telemetry.Profiling.Pprof;

/// <summary>
/// Writes a window's samples as a profile that pprof reads. Format: google/pprof, proto/profile.proto; the field numbers here are its. For one profile, used by one thread.
/// </summary>
/// <param name="program">The path of the service's own assembly: tools name a profile by its first mapping.</param>
internal sealed class PprofEncoder(MethodTable methods, string program)
{
    // Fields of Profile.
    private const int SampleType = 1, SampleField = 2, MappingField = 3, LocationField = 4, FunctionField = 5, StringTableField = 6,
        TimeNanos = 9, DurationNanos = 10, PeriodType = 11, Period = 12, Comment = 13, DefaultSampleType = 14;

    private static readonly Method s_unresolved = new("[unresolved code]", "", "");

    private readonly ProtoWriter _profile = new();
    private readonly ProtoWriter _message = new();
    private readonly ProtoWriter _inner = new();
    private readonly StringTable _strings = new();
    private readonly List<long> _stack = [];
    private readonly Dictionary<ulong, long> _locationOfAddress = [];
    private readonly Dictionary<(Method, ulong), long> _locations = [];
    private readonly Dictionary<Method, long> _functions = [];
    private readonly Dictionary<string, long> _mappings = [];
    private readonly Dictionary<ulong, bool> _stops = [];
    private long _unresolved;

    /// <summary>Frames of samples whose address no method owns.</summary>
    public long UnresolvedFrames { get; private set; }

    /// <summary>The profile's bytes, not compressed.</summary>
    public ReadOnlySpan<byte> Encode(
        SampleTable samples, SampleScale scale, DateTimeOffset start, TimeSpan duration, Func<PprofEncoder, IEnumerable<string>> comments)
    {
        MappingOf(program);
        ValueType(SampleType, "samples", "count");
        ValueType(SampleType, "cpu", "nanoseconds");
        ValueType(SampleType, "wall", "nanoseconds");
        foreach (var count in samples.Counts) Sample(count, scale);
        _profile.Number(TimeNanos, (start - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick);
        _profile.Number(DurationNanos, duration.Ticks * TimeSpan.NanosecondsPerTick);
        ValueType(PeriodType, "wall", "nanoseconds");
        _profile.Number(Period, (long)scale.WallNanos);
        _message.Clear();
        _profile.Numbers(Comment, [.. comments(this).Select(comment => (long)_strings[comment])], _message);
        _profile.Number(DefaultSampleType, _strings["cpu"]);
        foreach (var text in _strings.Texts) _profile.Text(StringTableField, text);
        return _profile.Written;
    }

    private void ValueType(int field, string type, string unit)
    {
        _message.Clear();
        _message.Number(1, _strings[type]);
        _message.Number(2, _strings[unit]);
        _profile.Message(field, _message);
    }

    private void Sample(SampleCount count, SampleScale scale)
    {
        // Locations write messages of their own, so they come before the sample that names them.
        _stack.Clear();
        for (var i = 0; i < count.Stack.Length; i++)
        {
            // A caller's address is where it goes on, which can be the first byte after its end.
            var address = i == 0 ? count.Stack[i] : count.Stack[i] - 1;
            if (_stack.Count > 0 || !IsStop(address)) _stack.Add(LocationOf(address));
        }
        var all = count.Running + count.Elsewhere;
        _message.Clear();
        _message.Numbers(1, CollectionsMarshal.AsSpan(_stack), _inner);
        _message.Numbers(2, [all, (long)(count.Running * scale.CpuNanos), (long)(all * scale.WallNanos)], _inner);
        // A span that isn't recorded is not in the store: a label would lead nowhere.
        if (count.Span is { Recorded: true } span)
        {
            Label("trace_id", span.TraceId.ToHexString());
            Label("span_id", span.SpanId.ToHexString());
            Label("span_name", span.DisplayName);
        }
        _profile.Message(SampleField, _message);
    }

    /// <summary>Where a thread stops for the sampler when it is about to return from native code: the sampler's doing, not the program's.</summary>
    private bool IsStop(ulong address)
    {
        if (_stops.TryGetValue(address, out var known)) return known;
        var isStop = methods.Find(address)?.Method.Name is { } name
            && (name == "System.Threading.Thread.PollGC" || name.StartsWith("System.Threading.Thread.<PollGC>", StringComparison.Ordinal));
        _stops.Add(address, isStop);
        return isStop;
    }

    private void Label(string key, string value)
    {
        _inner.Clear();
        _inner.Number(1, _strings[key]);
        _inner.Number(2, _strings[value]);
        _message.Message(3, _inner);
    }

    private long LocationOf(ulong address)
    {
        if (!_locationOfAddress.TryGetValue(address, out var id))
        {
            var (method, start) = methods.Find(address) ?? (s_unresolved, 0);
            if (!_locations.TryGetValue((method, start), out id))
            {
                var (function, mapping) = (FunctionOf(method), MappingOf(method.Module));
                _locations.Add((method, start), id = _locations.Count + 1);
                _message.Clear();
                _message.Number(1, id);
                _message.Number(2, mapping);
                _message.Number(3, (long)start);
                _inner.Clear();
                _inner.Number(1, function);
                _message.Message(4, _inner);
                _profile.Message(LocationField, _message);
                if (ReferenceEquals(method, s_unresolved)) _unresolved = id;
            }
            _locationOfAddress.Add(address, id);
        }
        if (id == _unresolved) UnresolvedFrames++;
        return id;
    }

    private long FunctionOf(Method method)
    {
        if (_functions.TryGetValue(method, out var id)) return id;
        _functions.Add(method, id = _functions.Count + 1);
        _message.Clear();
        _message.Number(1, id);
        _message.Number(2, _strings[method.Name]);
        _message.Number(3, _strings[method.Signature.Length == 0 ? method.Name : $"{method.Name} {method.Signature}"]);
        _message.Number(4, _strings[Path.GetFileName(method.Module)]);
        _profile.Message(FunctionField, _message);
        return id;
    }

    private long MappingOf(string module)
    {
        if (_mappings.TryGetValue(module, out var id)) return id;
        _mappings.Add(module, id = _mappings.Count + 1);
        _message.Clear();
        _message.Number(1, id);
        _message.Number(5, _strings[module.Length == 0 ? "[generated code]" : module]);
        // Names are all here: nothing is to be looked up in files.
        _message.Flag(7, true);
        _message.Flag(8, true);
        _profile.Message(MappingField, _message);
        return id;
    }
}
