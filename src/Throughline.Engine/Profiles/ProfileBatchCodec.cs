using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Profiles;

/// <summary>A batch as the payload of a record of the log, and back (docs/format/profiles.md, "The log"). Stateless; thread safe.</summary>
internal static class ProfileBatchCodec
{
    private const uint Text = 1 << 3 | 2, Functions = 2 << 3 | 2, Locations = 3 << 3 | 2, Nodes = 4 << 3 | 2, Series = 5 << 3 | 2, Links = 6 << 3 | 2, Window = 7 << 3 | 2;
    private const uint WindowSeries = 1 << 3, WindowStart = 2 << 3, WindowEnd = 3 << 3, WindowStacks = 4 << 3 | 2, WindowLinks = 5 << 3 | 2, WindowValues = 6 << 3 | 2;
    private const int LinkBytes = TraceId.SizeBytes + sizeof(ulong);

    /// <summary>Writes a batch.</summary>
    public static void Encode(ProfileBatch batch, WireWriter to)
    {
        var tables = batch.Tables;
        // Series bring texts of their own, so the numbers of all texts come first.
        var texts = new ByteDictionary();
        for (var i = 0; i < tables.Texts.Count; i++) texts.GetOrAdd(tables.Texts[i]);
        var series = batch.Series.Select(one => SeriesNumbers(one, texts)).ToArray();
        for (var i = 0; i < texts.Count; i++) to.Bytes(Text, texts[i]);
        Pairs(to, Functions, tables.FunctionName, tables.FunctionFile);
        Pairs(to, Locations, tables.LocationFunction, tables.LocationLine);
        var mark = to.Begin(Nodes);
        for (var i = 0; i < tables.NodeParent.Length; i++)
        {
            to.Varint((ulong)(i - tables.NodeParent[i]));
            to.Varint((ulong)tables.NodeLocation[i]);
        }
        to.End(mark);
        foreach (var numbers in series) Numbers(to, Series, numbers);
        mark = to.Begin(Links);
        foreach (var link in batch.Links.Span)
        {
            var bytes = to.Allocate(LinkBytes);
            link.TraceId.CopyTo(bytes);
            new SpanId(link.SpanId).CopyTo(bytes[TraceId.SizeBytes..]);
        }
        to.End(mark);
        for (var i = 0; i < batch.WindowCount; i++) WriteWindow(to, batch.Windows.Span[i], batch.SamplesOf(i));
    }

    /// <summary>Reads a batch; false when the bytes are none, with what is wrong.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> payload, ProfileBatch into, out string problem)
    {
        problem = "";
        try
        {
            new Reading(into).Read(payload);
            return true;
        }
        catch (MalformedInputException malformed)
        {
            problem = $"{malformed.Message} at byte {malformed.Offset}";
            return false;
        }
    }

    private static int[] SeriesNumbers(ProfileSeries series, ByteDictionary texts)
    {
        int Number(string text) => texts.GetOrAdd(System.Text.Encoding.UTF8.GetBytes(text));
        return [Number(series.Service), Number(series.Type), Number(series.Unit), .. series.Labels.SelectMany(label => new[] { Number(label.Key), Number(label.Value) })];
    }

    private static void WriteWindow(WireWriter to, WindowFacts facts, WindowSamples samples)
    {
        var window = to.Begin(Window);
        to.Varint(WindowSeries, (ulong)facts.Series);
        to.Varint(WindowStart, facts.StartUnixNano);
        to.Varint(WindowEnd, facts.EndUnixNano);
        var mark = to.Begin(WindowStacks);
        var before = 0;
        foreach (var stack in samples.Stacks.Span)
        {
            to.Varint((ulong)(stack - before));
            before = stack;
        }
        to.End(mark);
        mark = to.Begin(WindowLinks);
        foreach (var link in samples.Links.Span) to.Varint((ulong)(link + 1));
        to.End(mark);
        mark = to.Begin(WindowValues);
        foreach (var value in samples.Values.Span) to.Varint((ulong)value);
        to.End(mark);
        to.End(window);
    }

    private static void Pairs(WireWriter to, uint tag, ReadOnlySpan<int> first, ReadOnlySpan<int> second)
    {
        var mark = to.Begin(tag);
        for (var i = 0; i < first.Length; i++)
        {
            to.Varint((ulong)first[i]);
            to.Varint((ulong)second[i]);
        }
        to.End(mark);
    }

    private static void Numbers(WireWriter to, uint tag, ReadOnlySpan<int> numbers)
    {
        var mark = to.Begin(tag);
        foreach (var number in numbers) to.Varint((ulong)number);
        to.End(mark);
    }

    /// <summary>One payload. Every number is held against what was read before it, so that a batch is whole or none.</summary>
    private sealed class Reading(ProfileBatch into)
    {
        private readonly List<int> _texts = [];
        private readonly List<int> _functions = [];
        private readonly List<int> _locations = [];
        private readonly List<int> _nodes = [];
        private readonly List<int> _series = [];
        private readonly List<int> _links = [];

        public void Read(ReadOnlySpan<byte> payload)
        {
            var reader = new WireReader(payload);
            while (reader.HasMore)
            {
                var tag = reader.ReadTag();
                switch (tag)
                {
                    case Text: _texts.Add(into.Builder.Text(reader.ReadBytes())); break;
                    case Functions:
                        for (var part = reader.ReadMessage(); part.HasMore;) _functions.Add(into.Builder.Function(Known(_texts, ref part), Known(_texts, ref part)));
                        break;
                    case Locations:
                        for (var part = reader.ReadMessage(); part.HasMore;) _locations.Add(into.Builder.Location(Known(_functions, ref part), Int(ref part)));
                        break;
                    case Nodes: ReadNodes(reader.ReadMessage()); break;
                    case Series: ReadSeries(reader.ReadMessage()); break;
                    case Links: ReadLinks(reader.ReadMessage()); break;
                    case Window: ReadWindow(reader.ReadMessage()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }

        private void ReadNodes(WireReader reader)
        {
            while (reader.HasMore)
            {
                var (start, up) = (reader.Position, reader.ReadVarint());
                if (up == 0 || up > (ulong)_nodes.Count + 1) WireReader.Throw(start, $"node {_nodes.Count} is {up} behind its parent");
                var parent = _nodes.Count - (int)up;
                _nodes.Add(into.Builder.Node(parent < 0 ? StackTables.Top : _nodes[parent], Known(_locations, ref reader)));
            }
        }

        private void ReadSeries(WireReader reader)
        {
            var start = reader.Position;
            var texts = new List<string>();
            while (reader.HasMore) texts.Add(System.Text.Encoding.UTF8.GetString(into.Tables.Texts[Known(_texts, ref reader)]));
            if (texts.Count < 3 || texts.Count % 2 == 0) WireReader.Throw(start, $"a series of {texts.Count} texts");
            var labels = new KeyValuePair<string, string>[(texts.Count - 3) / 2];
            for (var i = 0; i < labels.Length; i++) labels[i] = new(texts[3 + 2 * i], texts[4 + 2 * i]);
            _series.Add(into.SeriesNumber(new ProfileSeries(texts[0], texts[1], texts[2], labels)));
        }

        private void ReadLinks(WireReader reader)
        {
            var bytes = reader.Rest;
            if (bytes.Length % LinkBytes != 0) WireReader.Throw(reader.Position, $"links of {LinkBytes} bytes in {bytes.Length} bytes");
            for (; bytes.Length > 0; bytes = bytes[LinkBytes..])
                _links.Add(into.LinkNumber(new SampleLink(TraceId.FromBytes(bytes), SpanId.FromBytes(bytes[TraceId.SizeBytes..]).Value)));
        }

        private void ReadWindow(WireReader reader)
        {
            var at = reader.Position;
            var (series, start, end) = (-1, 0UL, 0UL);
            var (stacks, links, values) = (new List<int>(), new List<int>(), new List<long>());
            while (reader.HasMore)
            {
                var tag = reader.ReadTag();
                switch (tag)
                {
                    case WindowSeries: series = Known(_series, ref reader); break;
                    case WindowStart: start = reader.ReadVarint(); break;
                    case WindowEnd: end = reader.ReadVarint(); break;
                    case WindowStacks:
                        var stack = 0UL;
                        for (var part = reader.ReadMessage(); part.HasMore;)
                        {
                            stack += part.ReadVarint();
                            if (stack >= (ulong)_nodes.Count) WireReader.Throw(part.Position, $"stack {stack} of {_nodes.Count} nodes");
                            stacks.Add(_nodes[(int)stack]);
                        }
                        break;
                    case WindowLinks:
                        for (var part = reader.ReadMessage(); part.HasMore;)
                        {
                            var link = part.ReadVarint();
                            if (link > (ulong)_links.Count) WireReader.Throw(part.Position, $"link {link} of {_links.Count}");
                            links.Add(link == 0 ? -1 : _links[(int)link - 1]);
                        }
                        break;
                    case WindowValues:
                        for (var part = reader.ReadMessage(); part.HasMore;) values.Add((long)part.ReadVarint());
                        break;
                    default: reader.Skip(tag); break;
                }
            }
            if (series < 0 || links.Count != stacks.Count || values.Count != stacks.Count) WireReader.Throw(at, $"a window of {stacks.Count} stacks, {links.Count} links and {values.Count} values");
            into.Add(new WindowFacts(series, start, end, 0, 0), WindowSort.Sorted([.. stacks], [.. links], [.. values]));
        }

        private static int Known(List<int> numbers, ref WireReader reader)
        {
            var (at, number) = (reader.Position, reader.ReadVarint());
            if (number >= (ulong)numbers.Count) WireReader.Throw(at, $"number {number} of {numbers.Count}");
            return numbers[(int)number];
        }

        private static int Int(ref WireReader reader)
        {
            var (at, number) = (reader.Position, reader.ReadVarint());
            if (number > int.MaxValue) WireReader.Throw(at, $"line {number}");
            return (int)number;
        }
    }
}
