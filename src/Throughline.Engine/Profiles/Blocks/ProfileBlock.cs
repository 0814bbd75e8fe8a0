using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;

namespace Throughline.Engine.Profiles.Blocks;

/// <summary>
/// An open block of profiles. Its tables are read when they are first asked for and stay while it is open, counted with the cache; samples go through the cache. Thread safe.
/// </summary>
internal sealed class ProfileBlock : IProfileSource, IDisposable
{
    private const int LinkBytes = 24;
    private const int WindowBytes = 64;

    private readonly IReadableFile _file;
    private readonly BlockDirectory _directory;
    private readonly PageReader _pages;
    private readonly PageCache _cache;
    private readonly int _number;
    private readonly Lazy<Held> _held;
    private long _heldBytes;

    private ProfileBlock(IReadableFile file, BlockDirectory directory, string name, PageCache cache)
    {
        (_file, _directory, _cache) = (file, directory, cache);
        _pages = new PageReader(file, name);
        _number = cache.NextBlock();
        _held = new(ReadTables);
        Hold(directory.MemoryBytes);
    }

    /// <summary>The file's name, for messages.</summary>
    public string Name => _pages.Name;

    /// <summary>The file's length.</summary>
    public long FileBytes => _file.Length;

    /// <summary>Samples of all windows.</summary>
    public long SampleCount => _held.Value.Counts.Samples;

    /// <inheritdoc/>
    public StackTables Tables => _held.Value.Tables;

    /// <inheritdoc/>
    public IReadOnlyList<ProfileSeries> Series => _held.Value.Series;

    /// <inheritdoc/>
    public ReadOnlyMemory<SampleLink> Links => _held.Value.Links;

    /// <inheritdoc/>
    public ReadOnlyMemory<WindowFacts> Windows => _held.Value.Windows;

    /// <summary>Memory of the tables, which are read for it.</summary>
    public long TableBytes => Tables.MemoryBytes + LinkBytes * (long)Links.Length + WindowBytes * (long)Windows.Length;

    /// <summary>Opens a block, which owns the file on return: its ends and its directory are read and checked.</summary>
    /// <exception cref="CorruptDataException">The file is not a whole block of profiles of this version.</exception>
    public static ProfileBlock Open(IReadableFile file, string name, PageCache cache) => new(file, ProfileBlockFooter.ReadDirectory(file, name), name, cache);

    /// <inheritdoc/>
    public WindowSamples SamplesOf(int window)
    {
        var held = _held.Value;
        var (rowGroup, first) = held.Places[window];
        var samples = RowGroup(rowGroup, held);
        var count = held.Windows[window].Samples;
        return new WindowSamples(samples.Stacks.AsMemory(first, count), samples.Links.AsMemory(first, count), samples.Values.AsMemory(first, count));
    }

    /// <inheritdoc/>
    public IEnumerable<int> WindowsOf(bool[] links)
    {
        var held = _held.Value;
        var windows = new SortedSet<int>();
        for (var link = 0; link < links.Length; link++)
        {
            if (links[link]) windows.UnionWith(held.LinkWindows.AsSpan(held.LinkWindowsFrom[link]..held.LinkWindowsFrom[link + 1]).ToArray());
        }
        return windows;
    }

    /// <summary>Reads everything and holds it against each other: for checks.</summary>
    /// <exception cref="CorruptDataException">Something is not what was written.</exception>
    public void Verify(CancellationToken stop)
    {
        var held = _held.Value;
        for (var rowGroup = 0; rowGroup < held.RowGroupSamples.Count; rowGroup++)
        {
            stop.ThrowIfCancellationRequested();
            ReadRowGroup(rowGroup, held);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Forget(_number);
        _cache.Hold(-Interlocked.Exchange(ref _heldBytes, 0));
        _file.Dispose();
    }

    private void Hold(long bytes)
    {
        Interlocked.Add(ref _heldBytes, bytes);
        _cache.Hold(bytes);
    }

    private Held ReadTables()
    {
        var counts = RawColumn<ProfileBlockCounts>(ProfileColumn.Counts, 1)[0];
        var texts = ReadTexts();
        var (functions, locations, nodes) = (Checked(counts.Functions), Checked(counts.Locations), Checked(counts.Nodes));
        var functionName = Below(ProfileColumn.FunctionName, functions, texts.Count);
        var functionFile = Below(ProfileColumn.FunctionFile, functions, texts.Count);
        var locationFunction = Below(ProfileColumn.LocationFunction, locations, functions);
        var locationLine = Below(ProfileColumn.LocationLine, locations, int.MaxValue);
        var nodeLocation = Below(ProfileColumn.NodeLocation, nodes, locations);
        var parent = Below(ProfileColumn.NodeUp, nodes, int.MaxValue);
        for (var i = 0; i < parent.Length; i++)
        {
            if (parent[i] < 1 || parent[i] > i + 1) throw Wrong(ProfileColumn.NodeUp, $"a parent before node {i}", $"{parent[i]} before it");
            parent[i] = i - parent[i];
        }
        var tables = StackTables.Of(texts, functionName, functionFile, locationFunction, locationLine, parent, nodeLocation);
        var series = ReadSeries(tables, Below(ProfileColumn.Series, Checked(counts.SeriesNumbers), int.MaxValue));
        var links = RawColumn<SampleLink>(ProfileColumn.Links, Checked(counts.Links));
        var windows = ReadWindows(Checked(counts.Windows), series.Length);
        var (from, of) = ReadLinkWindows(links.Length, windows.Length, Checked(counts.LinkWindows));
        var held = new Held(counts, tables, series, links, windows, from, of);
        if (held.RowGroupSamples.Sum(static n => (long)n) != counts.Samples) throw Wrong(ProfileColumn.WindowSamples, $"{counts.Samples} samples", $"{held.RowGroupSamples.Sum(static n => (long)n)}");
        Hold(tables.MemoryBytes + (long)LinkBytes * links.Length + (long)WindowBytes * windows.Length + 4L * (from.Length + of.Length));
        return held;
    }

    private Throughline.Engine.Model.Columns.ByteDictionary ReadTexts()
    {
        var texts = new Throughline.Engine.Model.Columns.ByteDictionary();
        foreach (var entry in _directory.Of(PageEntry.WholeBlock, ProfileColumn.Texts))
        {
            var (bytes, ends) = _pages.Read(entry, Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) => DictionaryPage.Decode(e, body, name));
            texts.Load(bytes, ends);
        }
        return texts;
    }

    private ProfileSeries[] ReadSeries(StackTables tables, int[] numbers)
    {
        var series = new List<ProfileSeries>();
        for (var at = 0; at < numbers.Length;)
        {
            var count = numbers[at++];
            if (count < 3 || count % 2 == 0 || count > numbers.Length - at) throw Wrong(ProfileColumn.Series, "a series of three texts and labels", $"{count} texts");
            var texts = new string[count];
            for (var i = 0; i < count; i++)
            {
                var number = numbers[at++];
                if (number >= tables.Texts.Count) throw Wrong(ProfileColumn.Series, $"a text below {tables.Texts.Count}", $"{number}");
                texts[i] = System.Text.Encoding.UTF8.GetString(tables.Texts[number]);
            }
            var labels = new KeyValuePair<string, string>[(count - 3) / 2];
            for (var i = 0; i < labels.Length; i++) labels[i] = new(texts[3 + 2 * i], texts[4 + 2 * i]);
            series.Add(new ProfileSeries(texts[0], texts[1], texts[2], labels));
        }
        return [.. series];
    }

    private WindowFacts[] ReadWindows(int count, int series)
    {
        var of = Below(ProfileColumn.WindowSeries, count, series);
        var samples = Below(ProfileColumn.WindowSamples, count, int.MaxValue);
        var (start, length, received) = (NumberColumn<long>(ProfileColumn.WindowStart, PageEntry.WholeBlock, count), NumberColumn<long>(ProfileColumn.WindowLength, PageEntry.WholeBlock, count),
            NumberColumn<long>(ProfileColumn.WindowReceived, PageEntry.WholeBlock, count));
        var windows = new WindowFacts[count];
        for (var i = 0; i < count; i++) windows[i] = new WindowFacts(of[i], (ulong)start[i], (ulong)(start[i] + length[i]), (ulong)received[i], samples[i]);
        return windows;
    }

    private (int[] From, int[] Windows) ReadLinkWindows(int links, int windows, int count)
    {
        var from = new int[links + 1];
        var counts = Below(ProfileColumn.LinkWindowCount, links, int.MaxValue);
        for (var i = 0; i < links; i++) from[i + 1] = counts[i] <= count - from[i] ? from[i] + counts[i] : throw Wrong(ProfileColumn.LinkWindowCount, $"at most {count} in all", $"more at link {i}");
        if (from[links] != count) throw Wrong(ProfileColumn.LinkWindowCount, $"{count} in all", $"{from[links]}");
        return (from, Below(ProfileColumn.LinkWindow, count, windows));
    }

    private RowGroupSamples RowGroup(int rowGroup, Held held)
    {
        var key = new CacheKey(_number, rowGroup, ProfileColumn.Stack, 0, CachedForm.Derived);
        if (_cache.Find<RowGroupSamples>(key) is { } known) return known;
        var samples = ReadRowGroup(rowGroup, held);
        _cache.Keep(key, samples, 16L * samples.Stacks.Length);
        return samples;
    }

    private RowGroupSamples ReadRowGroup(int rowGroup, Held held)
    {
        var count = held.RowGroupSamples[rowGroup];
        // The last row group is there in any case; without samples nothing of it was written.
        if (count == 0) return new RowGroupSamples([], [], []);
        var stacks = NumberColumn<int>(ProfileColumn.Stack, rowGroup, count);
        var links = NumberColumn<int>(ProfileColumn.Link, rowGroup, count);
        var values = NumberColumn<long>(ProfileColumn.Value, rowGroup, count);
        var (nodes, at) = (held.Tables.NodeParent.Length, 0);
        foreach (var samples in held.SamplesOfWindows(rowGroup))
        {
            var stack = 0L;
            for (var end = at + samples; at < end; at++)
            {
                stack += stacks[at];
                if (stack < 0 || stack >= nodes) throw Wrong(ProfileColumn.Stack, $"a stack below {nodes}", $"{stack} in row group {rowGroup}");
                stacks[at] = (int)stack;
                if (links[at] < 0 || links[at] > held.Links.Length) throw Wrong(ProfileColumn.Link, $"a link up to {held.Links.Length}", $"{links[at]} in row group {rowGroup}");
                links[at]--;
            }
        }
        return new RowGroupSamples(stacks, links, values);
    }

    private int[] Below(int column, int count, int limit)
    {
        var values = NumberColumn<int>(column, PageEntry.WholeBlock, count);
        foreach (var value in values)
        {
            if ((uint)value >= (uint)limit) throw Wrong(column, $"a number below {limit}", $"{value}");
        }
        return values;
    }

    private TNumber[] NumberColumn<TNumber>(int column, int rowGroup, int count)
        where TNumber : unmanaged, System.Numerics.IBinaryInteger<TNumber>
    {
        var found = _directory.Of(rowGroup, column);
        // Columns of which all values are 0 have no page.
        if (found.Length == 0) return new TNumber[count];
        if (found[0].Count != count) throw new CorruptDataException(Name, found[0].Offset, $"{count} values in column {column}", $"{found[0].Count}");
        return _pages.Read(found[0], Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) =>
        {
            var values = new TNumber[e.Count];
            NumberDecoder.Decode(e, body, 0, values.AsSpan(), name);
            return values;
        });
    }

    private TRaw[] RawColumn<TRaw>(int column, int count)
        where TRaw : unmanaged
    {
        var found = _directory.Of(PageEntry.WholeBlock, column);
        if (found.Length == 0 && count == 0) return [];
        if (found.Length != 1 || found[0].Count != count) throw Wrong(column, $"a page of {count} values", found.Length == 0 ? "none" : $"{found[0].Count}");
        return _pages.Read(found[0], Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) =>
        {
            var values = MemoryMarshal.Cast<byte, TRaw>(body);
            return values.Length == e.Count ? values.ToArray() : throw new CorruptDataException(name, e.Offset, $"{e.Count} values", $"{body.Length} bytes");
        });
    }

    private int Checked(long count) => count is >= 0 and <= int.MaxValue ? (int)count : throw Wrong(ProfileColumn.Counts, "a count", $"{count}");

    private CorruptDataException Wrong(int column, string expected, string found)
    {
        var pages = _directory.Of(PageEntry.WholeBlock, column);
        return new CorruptDataException(Name, pages.Length == 0 ? 0 : pages[0].Offset, expected, found);
    }

    private sealed record RowGroupSamples(int[] Stacks, int[] Links, long[] Values);

    /// <summary>What stays in memory while the block is open.</summary>
    private sealed class Held
    {
        /// <summary>By row group: its first window, and one behind the last.</summary>
        private readonly List<int> _firstWindow = [0];

        public Held(ProfileBlockCounts counts, StackTables tables, ProfileSeries[] series, SampleLink[] links, WindowFacts[] windows, int[] linkWindowsFrom, int[] linkWindows)
        {
            (Counts, Tables, Series, Links, Windows, LinkWindowsFrom, LinkWindows) = (counts, tables, series, links, windows, linkWindowsFrom, linkWindows);
            Places = new (int, int)[windows.Length];
            var samples = 0;
            for (var i = 0; i < windows.Length; i++)
            {
                Places[i] = (RowGroupSamples.Count, samples);
                samples += windows[i].Samples;
                if (samples < ProfileBlockWriter.RowGroupSamples) continue;
                RowGroupSamples.Add(samples);
                _firstWindow.Add(i + 1);
                samples = 0;
            }
            RowGroupSamples.Add(samples);
            _firstWindow.Add(windows.Length);
        }

        public ProfileBlockCounts Counts { get; }

        public StackTables Tables { get; }

        public ProfileSeries[] Series { get; }

        public SampleLink[] Links { get; }

        public WindowFacts[] Windows { get; }

        /// <summary>By window: its row group, and its first sample there.</summary>
        public (int RowGroup, int First)[] Places { get; }

        public List<int> RowGroupSamples { get; } = [];

        public int[] LinkWindowsFrom { get; }

        public int[] LinkWindows { get; }

        public IEnumerable<int> SamplesOfWindows(int rowGroup)
        {
            for (var window = _firstWindow[rowGroup]; window < _firstWindow[rowGroup + 1]; window++) yield return Windows[window].Samples;
        }
    }
}
