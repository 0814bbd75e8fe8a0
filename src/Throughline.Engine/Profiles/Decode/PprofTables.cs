using System.Text;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Profiles.Decode;

/// <summary>
/// The tables of one pprof profile (google/pprof, proto/profile.proto, whose field numbers these are), read before its samples: the format has them in any order. Every number is held against what is there.
/// For one profile; not thread safe.
/// </summary>
internal ref struct PprofTables
{
    private readonly ReadOnlySpan<byte> _body;
    private readonly ProfileLimits _limits;
    private readonly List<(int Start, int Length)> _strings = [];
    private readonly List<(long Type, long Unit)> _types = [];
    private readonly Dictionary<ulong, (long Name, long SystemName, long File)> _functions = [];
    private readonly Dictionary<ulong, (ulong Mapping, ulong Address, int FirstLine, int Lines)> _locations = [];
    private readonly List<(ulong Function, long Line)> _lines = [];
    private readonly Dictionary<ulong, long> _mappings = [];

    /// <summary>Reads all tables of a profile.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    /// <exception cref="ProfileTooLargeException">It has more entries than are taken: a few bytes each, which cost many times as much in memory.</exception>
    public PprofTables(ReadOnlySpan<byte> body, ProfileLimits limits)
    {
        _body = body;
        _limits = limits;
        var reader = new WireReader(body);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            switch (tag)
            {
                case 1 << 3 | 2: ReadType(reader.ReadMessage()); break;
                case 2 << 3 | 2:
                    SampleCount++;
                    reader.Skip(tag);
                    break;
                case 3 << 3 | 2: ReadMapping(reader.ReadMessage()); break;
                case 4 << 3 | 2: ReadLocation(reader.ReadMessage()); break;
                case 5 << 3 | 2: ReadFunction(reader.ReadMessage()); break;
                case 6 << 3 | 2:
                    var length = reader.ReadBytes().Length;
                    _strings.Add((reader.Position - length, length));
                    CheckSize();
                    break;
                case 9 << 3: TimeNano = NotNegative(reader.Position, (long)reader.ReadVarint(), "time_nanos"); break;
                case 10 << 3: DurationNano = NotNegative(reader.Position, (long)reader.ReadVarint(), "duration_nanos"); break;
                default: reader.Skip(tag); break;
            }
        }
        if (_strings.Count > 0 && _strings[0].Length != 0) WireReader.Throw(_strings[0].Start, "the first text of the string table is not the empty one");
    }

    /// <summary>The profile's samples.</summary>
    public int SampleCount { get; private set; }

    /// <summary>When it began, 0 when it doesn't say.</summary>
    public ulong TimeNano { get; private set; }

    /// <summary>How long it took, 0 when it doesn't say.</summary>
    public ulong DurationNano { get; private set; }

    /// <summary>The types of values, as texts of its table.</summary>
    public readonly IReadOnlyList<(long Type, long Unit)> Types => _types;

    /// <summary>A text.</summary>
    public readonly ReadOnlySpan<byte> Text(long index)
    {
        if ((ulong)index >= (ulong)_strings.Count && index != 0) WireReader.Throw(_body.Length, $"a string index of {index} in a string table of {_strings.Count} texts");
        return index == 0 ? [] : _body.Slice(_strings[(int)index].Start, _strings[(int)index].Length);
    }

    /// <summary>A text that is short and rarely asked for.</summary>
    public readonly string String(long index) => Encoding.UTF8.GetString(Text(index));

    /// <summary>Adds all locations to the tables of stacks: by id, their frames from the innermost to the outermost, which are inlined into each other.</summary>
    public readonly Dictionary<ulong, int[]> AddTo(StackTablesBuilder to)
    {
        var functions = new Dictionary<ulong, int>(_functions.Count);
        foreach (var (id, (name, systemName, file)) in _functions)
        {
            var shown = name != 0 ? name : systemName;
            functions.Add(id, to.Function(to.Text(Cut(shown == 0 ? "[no name]"u8 : Text(shown))), to.Text(Cut(Text(file)))));
        }
        var locations = new Dictionary<ulong, int[]>(_locations.Count);
        foreach (var (id, (mapping, address, first, count)) in _locations)
        {
            var frames = new int[Math.Max(1, count)];
            for (var i = 0; i < count; i++)
            {
                var (function, line) = _lines[first + i];
                if (!functions.TryGetValue(function, out var number)) WireReader.Throw(_body.Length, $"location {id} is in function {function}, which is not in the profile");
                frames[i] = to.Location(number, line is > 0 and <= int.MaxValue ? (int)line : 0);
            }
            if (count == 0) frames[0] = to.Location(Unnamed(to, mapping, address), 0);
            locations.Add(id, frames);
        }
        return locations;
    }

    /// <summary>A location that its sender found no function for.</summary>
    private readonly int Unnamed(StackTablesBuilder to, ulong mapping, ulong address)
    {
        var file = mapping != 0 && _mappings.TryGetValue(mapping, out var name) ? Text(name) : [];
        return to.Function(to.Text($"0x{address:x}"), to.Text(Cut(file)));
    }

    /// <summary>The beginning of a name that is too long, at a whole character.</summary>
    private readonly ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> name)
    {
        if (name.Length <= _limits.MaxNameBytes) return name;
        var end = _limits.MaxNameBytes;
        while (end > 0 && (name[end] & 0xC0) == 0x80) end--;
        return name[..end];
    }

    private readonly void ReadType(WireReader reader)
    {
        var (type, unit) = (0L, 0L);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag == 1 << 3) type = (long)reader.ReadVarint();
            else if (tag == 2 << 3) unit = (long)reader.ReadVarint();
            else reader.Skip(tag);
        }
        _types.Add((type, unit));
        CheckSize();
    }

    private readonly void ReadMapping(WireReader reader)
    {
        var (start, id, file) = (reader.Position, 0UL, 0L);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag == 1 << 3) id = reader.ReadVarint();
            else if (tag == 5 << 3) file = (long)reader.ReadVarint();
            else reader.Skip(tag);
        }
        if (id == 0 || !_mappings.TryAdd(id, file)) WireReader.Throw(start, BadId("mapping", id));
        CheckSize();
    }

    private readonly void ReadFunction(WireReader reader)
    {
        var (start, id) = (reader.Position, 0UL);
        var (name, systemName, file) = (0L, 0L, 0L);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag == 1 << 3) id = reader.ReadVarint();
            else if (tag == 2 << 3) name = (long)reader.ReadVarint();
            else if (tag == 3 << 3) systemName = (long)reader.ReadVarint();
            else if (tag == 4 << 3) file = (long)reader.ReadVarint();
            else reader.Skip(tag);
        }
        if (id == 0 || !_functions.TryAdd(id, (name, systemName, file))) WireReader.Throw(start, BadId("function", id));
        CheckSize();
    }

    private readonly void ReadLocation(WireReader reader)
    {
        var (start, id, mapping, address, first) = (reader.Position, 0UL, 0UL, 0UL, _lines.Count);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag == 1 << 3) id = reader.ReadVarint();
            else if (tag == 2 << 3) mapping = reader.ReadVarint();
            else if (tag == 3 << 3) address = reader.ReadVarint();
            else if (tag == (4 << 3 | 2)) ReadLine(reader.ReadMessage());
            else reader.Skip(tag);
        }
        if (id == 0 || !_locations.TryAdd(id, (mapping, address, first, _lines.Count - first))) WireReader.Throw(start, BadId("location", id));
        CheckSize();
    }

    private readonly void ReadLine(WireReader reader)
    {
        var (function, line) = (0UL, 0L);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag == 1 << 3) function = reader.ReadVarint();
            else if (tag == 2 << 3) line = (long)reader.ReadVarint();
            else reader.Skip(tag);
        }
        _lines.Add((function, line));
        CheckSize();
    }

    private readonly void CheckSize()
    {
        if (_strings.Count + _lines.Count + _types.Count + _functions.Count + _locations.Count + _mappings.Count > _limits.MaxFrames)
            throw new ProfileTooLargeException($"The profile has more than {_limits.MaxFrames} texts, functions, locations and lines together, which is the limit (--profile-max-frames). Send shorter windows.");
    }

    private static string BadId(string what, ulong id) => id == 0 ? $"a {what} without an id" : $"two {what}s with the id {id}";

    private static ulong NotNegative(int offset, long value, string field)
    {
        if (value < 0) WireReader.Throw(offset, $"{field} is {value}; it can't be negative");
        return (ulong)value;
    }
}
