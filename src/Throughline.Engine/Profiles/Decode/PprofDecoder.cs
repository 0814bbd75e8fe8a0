using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Profiles.Decode;

/// <summary>
/// Reads a pprof profile, uncompressed (google/pprof, proto/profile.proto), into windows, one for each type of value that has samples. Of the labels of samples those that name a span are kept:
/// <c>trace_id</c> and <c>span_id</c>, or <c>profile_id</c> as Pyroscope's older libraries call it. Stateless; thread safe.
/// </summary>
public static class PprofDecoder
{
    /// <summary>Adds the profile's windows to <paramref name="into"/>. When it is refused, nothing of the batch may be used.</summary>
    public static ProfileDecodeResult Decode(ReadOnlySpan<byte> body, ProfileOrigin origin, ProfileLimits limits, ProfileBatch into)
    {
        if (body.IsEmpty) return ProfileDecodeResult.Refused("The profile is empty: it has 0 bytes.");
        try
        {
            var tables = new PprofTables(body);
            if (tables.SampleCount == 0) return new(true, "The profile has no samples.");
            if (tables.Types.Count == 0) return ProfileDecodeResult.Refused($"The profile has {tables.SampleCount} samples and no sample_type that says what they measure.");
            if (tables.Types.Count > limits.MaxSampleTypes) return ProfileDecodeResult.Refused($"The profile has {tables.Types.Count} sample types; at most {limits.MaxSampleTypes} are taken.");
            // Times are the profile's only where the request says nothing.
            var (start, end) = origin.Times(tables.TimeNano, tables.DurationNano);
            if (end < start) return ProfileDecodeResult.Refused($"The profile ends at {end}, before it begins at {start} (Unix nanoseconds).");
            return new Samples(body, tables, origin, limits, into).Read(start, end);
        }
        catch (MalformedInputException problem)
        {
            return ProfileDecodeResult.Refused($"The body is not a pprof profile: {problem.Message} (at byte {problem.Offset} of {body.Length}, uncompressed).");
        }
    }

    /// <summary>The second pass: the samples, of which each type of value gets those that have some of it.</summary>
    private ref struct Samples
    {
        private readonly ReadOnlySpan<byte> _body;
        private readonly PprofTables _tables;
        private readonly ProfileOrigin _origin;
        private readonly ProfileLimits _limits;
        private readonly ProfileBatch _into;
        private readonly Dictionary<ulong, int[]> _locations;
        private readonly Gathered[] _types;
        private readonly Dictionary<long, LinkKey> _keys = [];
        private readonly List<ulong> _stack = [];
        private readonly List<long> _values = [];
        private int _read;
        private int _badIds;
        private long _frames;
        private int _noStack = -1;

        public Samples(ReadOnlySpan<byte> body, PprofTables tables, ProfileOrigin origin, ProfileLimits limits, ProfileBatch into)
        {
            _body = body;
            _tables = tables;
            (_origin, _limits, _into) = (origin, limits, into);
            _locations = tables.AddTo(into.Builder, limits);
            _types = new Gathered[tables.Types.Count];
            for (var i = 0; i < _types.Length; i++) _types[i] = new Gathered();
        }

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
            for (var i = 0; i < _types.Length; i++)
            {
                if (_types[i].Stacks.Count == 0) continue;
                var (type, unit) = _tables.Types[i];
                var series = new ProfileSeries(_origin.Service, _tables.String(type), _tables.String(unit), _origin.Labels);
                var samples = WindowSort.Sorted([.. _types[i].Stacks], [.. _types[i].Links], [.. _types[i].Values]);
                _into.Add(new WindowFacts(_into.SeriesNumber(series), start, end, _origin.NowUnixNano, 0), samples);
            }
            return new(true, _badIds == 0 ? "" : $"{_badIds} sample(s) have a span_id or trace_id that is not one in hexadecimal digits; they were stored without a span.");
        }

        private string? ReadSample(WireReader reader)
        {
            _stack.Clear();
            _values.Clear();
            var (trace, span, bad) = (default(TraceId), 0UL, false);
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
                    case 3 << 3 | 2: bad |= !ReadLabel(reader.ReadMessage(), ref trace, ref span); break;
                    default: reader.Skip(tag); break;
                }
            }
            if (bad) _badIds++;
            if (_values.Count != _types.Length) return $"has {_values.Count} values, but the profile has {_types.Length} sample types.";
            return Add(span == 0 && !trace.IsValid ? -1 : _into.LinkNumber(new SampleLink(trace, span)));
        }

        private string? Add(int link)
        {
            var node = StackTables.Top;
            var depth = 0;
            // Locations are innermost first, and so are the functions that were inlined into one.
            for (var i = _stack.Count - 1; i >= 0; i--)
            {
                if (!_locations.TryGetValue(_stack[i], out var frames)) return $"has the location {_stack[i]}, which is not in the profile.";
                depth += frames.Length;
                _frames += frames.Length;
                if (depth > _limits.MaxStackDepth) return $"has a stack of more than {_limits.MaxStackDepth} frames, which is the limit.";
                if (_frames > _limits.MaxFrames) return TooMany();
                for (var frame = frames.Length - 1; frame >= 0; frame--) node = _into.Builder.Node(node, frames[frame]);
            }
            if (node == StackTables.Top) node = NoStack();
            for (var type = 0; type < _types.Length; type++)
            {
                var value = _values[type];
                if (value < 0) return $"has the value {value}; a difference of profiles can't be stored.";
                if (value == 0) continue;
                if (++_frames > _limits.MaxFrames) return TooMany();
                _types[type].Stacks.Add(node);
                _types[type].Links.Add(link);
                _types[type].Values.Add(value);
            }
            return null;
        }

        private readonly string TooMany() => $"brings the frames and values of the profile above {_limits.MaxFrames}, which is the limit (--profile-max-frames). Send shorter windows.";

        private int NoStack()
        {
            var builder = _into.Builder;
            if (_noStack < 0) _noStack = builder.Node(StackTables.Top, builder.Location(builder.Function(builder.Text("[no stack]"), builder.Text("")), 0));
            return _noStack;
        }

        /// <summary>False when it is a label that names a span and does not.</summary>
        private readonly bool ReadLabel(WireReader reader, ref TraceId trace, ref ulong span)
        {
            var (key, text) = (0L, 0L);
            while (reader.HasMore)
            {
                var tag = reader.ReadTag();
                if (tag == 1 << 3) key = (long)reader.ReadVarint();
                else if (tag == 2 << 3) text = (long)reader.ReadVarint();
                else reader.Skip(tag);
            }
            if (!_keys.TryGetValue(key, out var kind))
            {
                kind = _tables.String(key) switch
                {
                    "trace_id" => LinkKey.Trace,
                    "span_id" or "profile_id" => LinkKey.Span,
                    _ => LinkKey.None,
                };
                _keys.Add(key, kind);
            }
            if (kind == LinkKey.None) return true;
            var value = _tables.Text(text);
            Span<char> digits = stackalloc char[32];
            if (value.Length > digits.Length || !Ascii.IsValid(value)) return false;
            digits = digits[..Encoding.ASCII.GetChars(value, digits)];
            if (kind == LinkKey.Trace) return TraceId.TryParse(digits, out trace);
            if (!SpanId.TryParse(digits, out var id)) return false;
            span = id.Value;
            return true;
        }
    }

    private enum LinkKey
    {
        None,
        Trace,
        Span,
    }

    /// <summary>The samples of one type.</summary>
    private sealed class Gathered
    {
        public List<int> Stacks { get; } = [];

        public List<int> Links { get; } = [];

        public List<long> Values { get; } = [];
    }
}
