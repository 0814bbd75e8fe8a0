using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Server.Process;

/// <summary>
/// Cuts columns of attributes down to limits, whatever signal they belong to: bind it to a batch's dictionaries, then hand it each set of columns. Each distinct value is shortened once a batch. Not
/// thread safe; reuse one per worker.
/// </summary>
internal sealed class AttributeCutter
{
    private readonly Dictionary<(AttributeType Type, long Value), (AttributeType Type, long Value)> _shortened = [];
    private ByteDictionary _strings = new(16);
    private ByteDictionary _blobs = new(16);

    /// <summary>Begins with another batch: its strings, and the dictionary of its encoded arrays, maps and bytes.</summary>
    internal void Begin(ByteDictionary strings, ByteDictionary blobs)
    {
        (_strings, _blobs) = (strings, blobs);
        _shortened.Clear();
    }

    /// <summary>OTLP's count of dropped attributes after so many more were dropped.</summary>
    internal static uint Sum(uint dropped, int more) => (uint)Math.Min(uint.MaxValue, dropped + (ulong)more);

    /// <summary>
    /// Leaves each owner at most so many attributes, the first ones; owner i has the attributes [offset i, offset i + 1), and <paramref name="cut"/> is called with each owner that lost some, and how many.
    /// </summary>
    internal static void Cut(AttributeColumns attributes, ref Column<int> offsets, int most, Action<int, int> cut)
    {
        var (kept, begin) = (0, 0);
        for (var owner = 0; owner + 1 < offsets.Count; owner++)
        {
            var (from, to) = (begin, offsets[owner + 1]);
            begin = to;
            var count = Math.Min(most, to - from);
            if (kept != from)
            {
                attributes.Key.Span.Slice(from, count).CopyTo(attributes.Key.Items.AsSpan(kept));
                attributes.Type.Span.Slice(from, count).CopyTo(attributes.Type.Items.AsSpan(kept));
                attributes.Value.Span.Slice(from, count).CopyTo(attributes.Value.Items.AsSpan(kept));
            }
            kept += count;
            offsets.Items[owner + 1] = kept;
            if (count < to - from) cut(owner, to - from - count);
        }
        attributes.Truncate(kept);
    }

    /// <summary>Shortens values of more than so many bytes; <paramref name="cut"/> is called with the place of each in the columns.</summary>
    internal void Shorten(AttributeColumns attributes, int most, Action<int> cut)
    {
        for (var i = 0; i < attributes.Count; i++)
        {
            var (type, value) = ((AttributeType)attributes.Type[i], attributes.Value[i]);
            var length = type switch
            {
                AttributeType.String => _strings[(int)value].Length,
                AttributeType.Array or AttributeType.KvList or AttributeType.Bytes => _blobs[(int)value].Length,
                _ => 0,
            };
            if (length <= most) continue;
            if (!_shortened.TryGetValue((type, value), out var shorter)) _shortened.Add((type, value), shorter = Shortened(type, value, most, length));
            (attributes.Type.Items[i], attributes.Value.Items[i]) = ((byte)shorter.Type, shorter.Value);
            cut(i);
        }
    }

    private (AttributeType Type, long Value) Shortened(AttributeType type, long value, int most, int length)
    {
        if (type == AttributeType.Bytes) return (type, _blobs.GetOrAdd(_blobs[(int)value][..most].ToArray()));
        // A half of a list or map would be read as the whole: what it was is said in its place.
        if (type != AttributeType.String) return (AttributeType.String, _strings.GetOrAdd(Encoding.UTF8.GetBytes($"[cut: {(type == AttributeType.Array ? "a list" : "a map")} of {length} bytes]")));
        var text = _strings[(int)value];
        var end = most;
        // Not within a character.
        while (end > 0 && (text[end] & 0xC0) == 0x80) end--;
        return (type, _strings.GetOrAdd(text[..end].ToArray()));
    }
}
