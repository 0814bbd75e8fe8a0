using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Profiles;

/// <summary>
/// Windows in memory: what a request brings, and what the head holds. One owner adds; a <see cref="Snapshot"/> may be read by others meanwhile.
/// </summary>
public sealed class ProfileBatch : IProfileSource
{
    /// <summary>What a window takes beside its samples.</summary>
    private const int WindowBytes = 160;

    private const int SampleBytes = 16;
    private const int LinkBytes = 24 + 40;

    private readonly Dictionary<ProfileSeries, int> _seriesNumbers = [];
    private readonly Dictionary<SampleLink, int> _linkNumbers = [];
    private StackTablesBuilder? _builder = new();
    private StackTables _tables;
    private Column<ProfileSeries> _series = new(0);
    private Column<SampleLink> _links = new(0);
    private Column<WindowFacts> _windows = new(0);
    private Column<WindowSamples> _samples = new(0);

    /// <summary>An empty batch.</summary>
    public ProfileBatch() => _tables = Builder.Tables;

    /// <summary>Number of windows.</summary>
    public int WindowCount => _windows.Count;

    /// <summary>Samples of all windows together.</summary>
    public long SampleCount { get; private set; }

    /// <summary>Frames and values that its profiles were unfolded to while they were decoded (<see cref="Decode.ProfileLimits.MaxFrames"/>).</summary>
    internal long Unfolded { get; set; }

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => (_builder?.MemoryBytes ?? _tables.MemoryBytes) + SampleBytes * SampleCount + WindowBytes * (long)_windows.Count + LinkBytes * (long)_links.Count;

    /// <summary>When its first window began; <see cref="ulong.MaxValue"/> without any.</summary>
    public ulong FirstUnixNano { get; private set; } = ulong.MaxValue;

    /// <summary>When its last window ended; 0 without any.</summary>
    public ulong LastUnixNano { get; private set; }

    /// <summary>Where stacks of windows that are to be added come from.</summary>
    public StackTablesBuilder Builder => _builder ?? throw new InvalidOperationException("A snapshot can't be added to.");

    /// <summary>The tables of the samples' stacks.</summary>
    public StackTables Tables => _tables;

    /// <summary>The facts of all windows.</summary>
    public ReadOnlyMemory<WindowFacts> Windows => _windows.Items.AsMemory(0, _windows.Count);

    /// <summary>The spans that samples were taken in.</summary>
    public ReadOnlyMemory<SampleLink> Links => _links.Items.AsMemory(0, _links.Count);

    /// <summary>The series.</summary>
    public IReadOnlyList<ProfileSeries> Series => new ArraySegment<ProfileSeries>(_series.Items, 0, _series.Count);

    /// <summary>The number of a series.</summary>
    public int SeriesNumber(ProfileSeries series)
    {
        if (_seriesNumbers.TryGetValue(series, out var known)) return known;
        _series.Add(series);
        _seriesNumbers.Add(series, _series.Count - 1);
        return _series.Count - 1;
    }

    /// <summary>The number of a link.</summary>
    public int LinkNumber(SampleLink link)
    {
        if (_linkNumbers.TryGetValue(link, out var known)) return known;
        _links.Add(link);
        _linkNumbers.Add(link, _links.Count - 1);
        return _links.Count - 1;
    }

    /// <summary>Adds a window whose samples are in the order that <see cref="WindowSamples"/> asks for.</summary>
    public void Add(WindowFacts facts, WindowSamples samples)
    {
        // The samples first: whoever sees the facts sees them too.
        _samples.Add(samples);
        _windows.Add(facts with { Samples = samples.Stacks.Length });
        SampleCount += samples.Stacks.Length;
        FirstUnixNano = Math.Min(FirstUnixNano, facts.StartUnixNano);
        LastUnixNano = Math.Max(LastUnixNano, facts.EndUnixNano);
    }

    /// <summary>Forgets everything; nobody may have a snapshot.</summary>
    public void Clear()
    {
        _seriesNumbers.Clear();
        _linkNumbers.Clear();
        _builder = new StackTablesBuilder();
        _tables = _builder.Tables;
        (_series, _links, _windows, _samples) = (new(0), new(0), new(0), new(0));
        (SampleCount, FirstUnixNano, LastUnixNano, Unfolded) = (0, ulong.MaxValue, 0, 0);
    }

    /// <summary>Adds all of another batch.</summary>
    public void AddAll(ProfileBatch other, ulong receivedUnixNano)
    {
        var mapping = new StackMapping(other.Tables, Builder);
        var links = new int[other.Links.Length];
        for (var i = 0; i < links.Length; i++) links[i] = LinkNumber(other.Links.Span[i]);
        for (var window = 0; window < other.WindowCount; window++)
        {
            var facts = other._windows[window];
            var samples = WindowSort.Mapped(other._samples[window], mapping.Node, links);
            Add(facts with { Series = SeriesNumber(other._series[facts.Series]), ReceivedUnixNano = receivedUnixNano }, samples);
        }
    }

    /// <summary>A reader's view of what there is now; taken by the owner.</summary>
    public ProfileBatch Snapshot() => new(this);

    private ProfileBatch(ProfileBatch other)
    {
        _builder = null;
        _tables = other._tables.Snapshot();
        (_series, _links, _windows, _samples) = (other._series, other._links, other._windows, other._samples);
        (SampleCount, FirstUnixNano, LastUnixNano) = (other.SampleCount, other.FirstUnixNano, other.LastUnixNano);
    }

    WindowSamples IProfileSource.SamplesOf(int window) => _samples[window];

    /// <summary>The samples of a window.</summary>
    public WindowSamples SamplesOf(int window) => _samples[window];

    IEnumerable<int> IProfileSource.WindowsOf(bool[] links)
    {
        for (var window = 0; window < _windows.Count; window++)
        {
            if (HasOne(_samples[window].Links.Span, links)) yield return window;
        }
    }

    private static bool HasOne(ReadOnlySpan<int> of, bool[] links)
    {
        foreach (var link in of)
        {
            if (link >= 0 && links[link]) return true;
        }
        return false;
    }
}

/// <summary>Puts the samples of a window into their order, equal ones together. Stateless.</summary>
internal static class WindowSort
{
    /// <summary>The samples with other numbers.</summary>
    public static WindowSamples Mapped(WindowSamples samples, Func<int, int> node, ReadOnlySpan<int> links)
    {
        var count = samples.Stacks.Length;
        var (stacks, linked, values) = (new int[count], new int[count], samples.Values.ToArray());
        for (var i = 0; i < count; i++)
        {
            stacks[i] = node(samples.Stacks.Span[i]);
            var link = samples.Links.Span[i];
            linked[i] = link < 0 ? -1 : links[link];
        }
        return Sorted(stacks, linked, values);
    }

    /// <summary>The samples in order; those of the same stack and link become one. Takes the arrays over.</summary>
    public static WindowSamples Sorted(int[] stacks, int[] links, long[] values)
    {
        var keys = new ulong[stacks.Length];
        var ordered = true;
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = ((ulong)(uint)stacks[i] << 32) | (uint)(links[i] + 1);
            ordered &= i == 0 || keys[i] > keys[i - 1];
        }
        if (ordered) return new WindowSamples(stacks, links, values);
        Array.Sort(keys, values);
        var kept = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            if (kept > 0 && keys[kept - 1] == keys[i])
            {
                values[kept - 1] = Saturating.Add(values[kept - 1], values[i]);
                continue;
            }
            (keys[kept], values[kept]) = (keys[i], values[i]);
            kept++;
        }
        for (var i = 0; i < kept; i++) (stacks[i], links[i]) = ((int)(keys[i] >> 32), (int)(uint)keys[i] - 1);
        return new WindowSamples(stacks.AsMemory(0, kept), links.AsMemory(0, kept), values.AsMemory(0, kept));
    }
}

/// <summary>Sums that senders choose stay at the largest number rather than turn negative. Stateless.</summary>
internal static class Saturating
{
    public static long Add(long a, long b)
    {
        var sum = unchecked(a + b);
        return sum < 0 && a >= 0 && b >= 0 ? long.MaxValue : sum;
    }
}
