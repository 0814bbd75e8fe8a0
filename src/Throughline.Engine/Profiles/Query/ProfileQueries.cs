using Throughline.Engine.Files;

namespace Throughline.Engine.Profiles.Query;

/// <summary>Answers questions over sources. What it costs grows with the windows that are meant. Stateless; thread safe.</summary>
internal static class ProfileQueries
{
    /// <summary>The flame graph of a selection, beside that of another one when it is to be compared.</summary>
    public static FlameGraph Flame(IReadOnlyList<IProfileSource> sources, ProfileSelection selection, ProfileSelection? baseline, int maxFrames, ProfileMemory memory, Action<Exception> report,
        CancellationToken cancellationToken) =>
        FlameLayout.Graph(Merge(sources, selection, baseline, memory, report, cancellationToken), baseline is not null, maxFrames);

    /// <summary>The functions of a selection.</summary>
    public static FunctionCosts Functions(IReadOnlyList<IProfileSource> sources, ProfileSelection selection, ProfileSelection? baseline, FunctionOrder by, int limit, ProfileMemory memory,
        Action<Exception> report, CancellationToken cancellationToken) =>
        FlameLayout.Costs(Merge(sources, selection, baseline, memory, report, cancellationToken), baseline is not null, by, limit);

    /// <summary>The traces whose samples have a frame.</summary>
    public static FrameTraces Traces(IReadOnlyList<IProfileSource> sources, ProfileSelection selection, string function, string? file, int limit, ProfileMemory memory, Action<Exception> report,
        CancellationToken cancellationToken)
    {
        var search = new FrameTraceSearch(function, file, memory);
        Each(sources, report, source => search.Add(source, selection, cancellationToken));
        return search.Finish(limit);
    }

    /// <summary>What is there: services and types by name, with their windows; the sums only where samples of spans are meant, since all samples would have to be read.</summary>
    public static IReadOnlyList<ProfiledType> Types(IReadOnlyList<IProfileSource> sources, ProfileSelection selection, Action<Exception> report, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<(string Service, string Type, string Unit), (StackTally Tally, long Value)>(
            Comparer<(string Service, string Type, string Unit)>.Create(static (a, b) =>
            {
                var order = string.CompareOrdinal(a.Service, b.Service);
                if (order == 0) order = string.CompareOrdinal(a.Type, b.Type);
                return order != 0 ? order : string.CompareOrdinal(a.Unit, b.Unit);
            }));
        Each(sources, report, source =>
        {
            var selected = new SelectedWindows(source, selection);
            foreach (var window in selected.Windows())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var facts = source.Windows.Span[window];
                var series = source.Series[facts.Series];
                var key = (series.Service, series.Type, series.Unit);
                // The samples first: of a source that cannot be read no window is counted that is not in the sum.
                var sum = selection.Spans is null ? 0 : SumOf(source.SamplesOf(window), selected);
                var (tally, value) = found.TryGetValue(key, out var known) ? known : (new StackTally(), 0L);
                tally.Add(facts);
                found[key] = (tally, Saturating.Add(value, sum));
            }
        });
        return [.. found.Select(pair => new ProfiledType(pair.Key.Service, pair.Key.Type, pair.Key.Unit, pair.Value.Tally.Windows, pair.Value.Tally.FirstUnixNano,
            pair.Value.Tally.LastUnixNano, selection.Spans is null ? null : pair.Value.Value))];
    }

    /// <summary>The labels of a selection's series, by key and value, with their windows; of each key the values with the most windows.</summary>
    public static IReadOnlyList<ProfiledLabel> Labels(IReadOnlyList<IProfileSource> sources, ProfileSelection selection, int maxValues, Action<Exception> report, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, Dictionary<string, long>>(StringComparer.Ordinal);
        Each(sources, report, source =>
        {
            var windows = new long[source.Series.Count];
            foreach (var window in new SelectedWindows(source, selection).Windows())
            {
                cancellationToken.ThrowIfCancellationRequested();
                windows[source.Windows.Span[window].Series]++;
            }
            for (var series = 0; series < windows.Length; series++)
            {
                if (windows[series] == 0) continue;
                foreach (var (key, value) in source.Series[series].Labels)
                {
                    if (!found.TryGetValue(key, out var values)) found.Add(key, values = new Dictionary<string, long>(StringComparer.Ordinal));
                    values[value] = values.GetValueOrDefault(value) + windows[series];
                }
            }
        });
        return [.. found.Select(key => new ProfiledLabel(key.Key, key.Value.Count,
            [.. key.Value.OrderByDescending(static v => v.Value).ThenBy(static v => v.Key, StringComparer.Ordinal).Take(maxValues).Select(static v => new ProfiledLabelValue(v.Key, v.Value))]))];
    }

    private static MergedStacks Merge(IReadOnlyList<IProfileSource> sources, ProfileSelection selection, ProfileSelection? baseline, ProfileMemory memory, Action<Exception> report,
        CancellationToken cancellationToken)
    {
        var stacks = new MergedStacks(baseline is null ? 1 : 2, memory);
        Each(sources, report, source => stacks.Add(source, selection, 0, cancellationToken));
        if (baseline is not null) Each(sources, report, source => stacks.Add(source, baseline, 1, cancellationToken));
        return stacks;
    }

    /// <summary>Looks at every source; what cannot be read of one is told, and the others are looked at all the same.</summary>
    private static void Each(IReadOnlyList<IProfileSource> sources, Action<Exception> report, Action<IProfileSource> look)
    {
        foreach (var source in sources)
        {
            try
            {
                look(source);
            }
            catch (Exception unreadable) when (unreadable is CorruptDataException or IOException)
            {
                report(unreadable);
            }
        }
    }

    private static long SumOf(WindowSamples samples, SelectedWindows selected)
    {
        var links = samples.Links.Span;
        var values = samples.Values.Span;
        var sum = 0L;
        for (var i = 0; i < values.Length; i++)
        {
            if (selected.TakesLink(links[i])) sum = Saturating.Add(sum, values[i]);
        }
        return sum;
    }
}
