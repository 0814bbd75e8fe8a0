using System.IO.Hashing;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Profiles.Blocks;

/// <summary>What a block of profiles holds, for the manifest. Times are Unix nanoseconds. Immutable.</summary>
internal sealed record ProfileBlockFacts(int Windows, long Samples, ulong FirstUnixNano, ulong LastUnixNano, ulong FirstReceivedUnixNano, ulong LastReceivedUnixNano);

/// <summary>
/// Writes a block of profiles from the head or from other blocks (docs/format/profiles.md): windows by series and start, row groups as they fill, then the tables. Used once; not thread safe.
/// </summary>
internal sealed class ProfileBlockWriter : IDisposable
{
    /// <summary>Samples after which a row group ends: reading one window decodes as many.</summary>
    public const int RowGroupSamples = 16_384;

    private readonly PageWriter _pages = new();
    private readonly StackTablesBuilder _stacks = new();
    private readonly IReadOnlyList<IProfileSource> _sources;
    private readonly List<(int Link, int Window)> _linkWindows = [];
    private readonly HashSet<int> _linksOfWindow = [];
    private readonly List<WindowFacts> _windows = [];
    private Column<long> _stack = new(0);
    private Column<long> _link = new(0);
    private Column<long> _value = new(0);
    private long _samples;
    private int _rowGroup;

    private ProfileBlockWriter(IReadOnlyList<IProfileSource> sources) => _sources = sources;

    /// <summary>Writes the windows of all sources into an empty file. The caller syncs and names it.</summary>
    public static ProfileBlockFacts Write(IReadOnlyList<IProfileSource> sources, IWritableFile file, CancellationToken stop)
    {
        using var writer = new ProfileBlockWriter(sources);
        return writer.Write(file, stop);
    }

    private ProfileBlockFacts Write(IWritableFile file, CancellationToken stop)
    {
        _pages.Begin(file, true);
        _pages.Plain(ProfileBlockFooter.Header());
        var series = _sources.SelectMany(static source => source.Series).Distinct().ToList();
        series.Sort(ProfileSeries.Compare);
        var numbers = series.Select(static (one, i) => (one, i)).ToDictionary(static pair => pair.one, static pair => pair.i);
        var links = _sources.SelectMany(static source => source.Links.ToArray()).Distinct().ToArray();
        Array.Sort(links);
        var windows = new List<(int Source, int Window, WindowFacts Facts)>();
        var mappings = new StackMapping[_sources.Count];
        var linkNumbers = new int[_sources.Count][];
        for (var i = 0; i < _sources.Count; i++)
        {
            var source = _sources[i];
            mappings[i] = new StackMapping(source.Tables, _stacks);
            linkNumbers[i] = Array.ConvertAll(source.Links.ToArray(), link => Array.BinarySearch(links, link));
            var facts = source.Windows.Span;
            for (var window = 0; window < facts.Length; window++) windows.Add((i, window, facts[window] with { Series = numbers[source.Series[facts[window].Series]] }));
        }
        windows.Sort(static (a, b) =>
        {
            var order = a.Facts.Series.CompareTo(b.Facts.Series);
            if (order == 0) order = a.Facts.StartUnixNano.CompareTo(b.Facts.StartUnixNano);
            if (order == 0) order = a.Source.CompareTo(b.Source);
            return order != 0 ? order : a.Window.CompareTo(b.Window);
        });
        foreach (var (source, window, facts) in windows)
        {
            stop.ThrowIfCancellationRequested();
            Add(facts, WindowSort.Mapped(_sources[source].SamplesOf(window), mappings[source].Node, linkNumbers[source]));
        }
        EndRowGroup();
        WriteTables(series, links);
        Finish();
        return Facts();
    }

    private void Add(WindowFacts facts, WindowSamples samples)
    {
        var stacks = samples.Stacks.Span;
        var links = samples.Links.Span;
        var values = samples.Values.Span;
        var before = 0;
        _linksOfWindow.Clear();
        for (var i = 0; i < stacks.Length; i++)
        {
            _stack.Add(stacks[i] - before);
            before = stacks[i];
            _link.Add(links[i] + 1);
            _value.Add(values[i]);
            if (links[i] >= 0 && _linksOfWindow.Add(links[i])) _linkWindows.Add((links[i], _windows.Count));
        }
        _windows.Add(facts with { Samples = stacks.Length });
        _samples += stacks.Length;
        if (_stack.Count >= RowGroupSamples) EndRowGroup();
    }

    private void EndRowGroup()
    {
        if (_stack.Count == 0) return;
        _pages.Numbers(ProfileColumn.Stack, _rowGroup, _stack.Span);
        _pages.Numbers(ProfileColumn.Link, _rowGroup, _link.Span);
        _pages.Numbers(ProfileColumn.Value, _rowGroup, _value.Span);
        _stack.Truncate(0);
        _link.Truncate(0);
        _value.Truncate(0);
        _rowGroup++;
    }

    private void WriteTables(List<ProfileSeries> series, SampleLink[] links)
    {
        var tables = _stacks.Tables;
        var texts = new Column<long>(0);
        foreach (var one in series)
        {
            texts.Add(3 + 2 * one.Labels.Count);
            texts.Add(_stacks.Text(one.Service));
            texts.Add(_stacks.Text(one.Type));
            texts.Add(_stacks.Text(one.Unit));
            foreach (var (key, value) in one.Labels)
            {
                texts.Add(_stacks.Text(key));
                texts.Add(_stacks.Text(value));
            }
        }
        Whole(ProfileColumn.Series, texts.Span);
        Whole(ProfileColumn.FunctionName, Longs(tables.FunctionName));
        Whole(ProfileColumn.FunctionFile, Longs(tables.FunctionFile));
        Whole(ProfileColumn.LocationFunction, Longs(tables.LocationFunction));
        Whole(ProfileColumn.LocationLine, Longs(tables.LocationLine));
        var up = Longs(tables.NodeParent);
        for (var i = 0; i < up.Length; i++) up[i] = i - up[i];
        Whole(ProfileColumn.NodeUp, up);
        Whole(ProfileColumn.NodeLocation, Longs(tables.NodeLocation));
        WriteTexts(tables.Texts);
        _pages.Raw<SampleLink>(ProfileColumn.Links, PageEntry.WholeBlock, links);
        Whole(ProfileColumn.WindowSeries, [.. _windows.Select(static w => (long)w.Series)]);
        Whole(ProfileColumn.WindowStart, [.. _windows.Select(static w => (long)w.StartUnixNano)]);
        Whole(ProfileColumn.WindowLength, [.. _windows.Select(static w => (long)(w.EndUnixNano - w.StartUnixNano))]);
        Whole(ProfileColumn.WindowReceived, [.. _windows.Select(static w => (long)w.ReceivedUnixNano)]);
        Whole(ProfileColumn.WindowSamples, [.. _windows.Select(static w => (long)w.Samples)]);
        _linkWindows.Sort();
        var counts = new long[links.Length];
        foreach (var (link, _) in _linkWindows) counts[link]++;
        Whole(ProfileColumn.LinkWindowCount, counts);
        Whole(ProfileColumn.LinkWindow, [.. _linkWindows.Select(static pair => (long)pair.Window)]);
        var count = new ProfileBlockCounts(tables.FunctionName.Length, tables.LocationFunction.Length, tables.NodeParent.Length, texts.Count, links.Length, _windows.Count, _linkWindows.Count, _samples);
        _pages.Raw<ProfileBlockCounts>(ProfileColumn.Counts, PageEntry.WholeBlock, [count]);
    }

    private void WriteTexts(ByteDictionary texts)
    {
        var ends = new int[texts.Count];
        var end = 0;
        for (var i = 0; i < ends.Length; i++) ends[i] = end += texts[i].Length;
        var body = new Column<byte>(0);
        DictionaryPage.Encode(texts.Entries, ends, ref body);
        _pages.Dictionary(ProfileColumn.Texts, 0, ends.Length, body.Span);
    }

    private void Whole(int column, ReadOnlySpan<long> values)
    {
        if (!values.IsEmpty) _pages.Numbers(column, PageEntry.WholeBlock, values);
    }

    private static long[] Longs(ReadOnlySpan<int> values)
    {
        var longs = new long[values.Length];
        for (var i = 0; i < longs.Length; i++) longs[i] = values[i];
        return longs;
    }

    private void Finish()
    {
        var directory = _pages.Compress(BlockDirectory.Encode(_pages.Entries)).ToArray();
        var footer = new ProfileBlockFooter(_pages.Position, directory.Length, _pages.Entries.Length, XxHash3.HashToUInt64(directory));
        _pages.Plain(directory);
        _pages.Plain(footer.Encode());
        _pages.Flush();
    }

    private ProfileBlockFacts Facts() => _windows.Count == 0
        ? new ProfileBlockFacts(0, 0, 0, 0, 0, 0)
        : new ProfileBlockFacts(_windows.Count, _samples, _windows.Min(static w => w.StartUnixNano), _windows.Max(static w => w.EndUnixNano),
            _windows.Min(static w => w.ReceivedUnixNano), _windows.Max(static w => w.ReceivedUnixNano));

    /// <inheritdoc/>
    public void Dispose() => _pages.Dispose();
}
