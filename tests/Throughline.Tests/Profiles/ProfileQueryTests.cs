using CsCheck;
using Throughline.Engine.Profiles;
using Throughline.Engine.Profiles.Query;
using Throughline.Tests.Properties;

namespace Throughline.Tests.Profiles;

/// <summary>Every answer is what a naive walk over all samples gives, whether windows lie in the head or in blocks.</summary>
public sealed class ProfileQueryTests
{
    private sealed record Case(PprofCase[] Profiles, ProfileSelection Selection, ProfileSelection Baseline);

    private static readonly Gen<ProfileSelection> s_selection =
        from service in Gen.Int[0, 3].Select(static i => new[] { "yolo26", "nemotron", null, "nobody" }[i])
        from type in Gen.Int[0, 2].Select(static i => new[] { "cpu", "wall", null }[i])
        from ends in Gen.Select(Gen.Int[0, 7300], Gen.Int[0, 7300])
        from open in Gen.Int[0, 3]
        from label in Gen.Int[0, 8]
        from spans in Gen.Int[0, 4]
        select new ProfileSelection(service, type, null, open == 0 ? null : At(Math.Min(ends.Item1, ends.Item2)), open == 1 ? null : At(Math.Max(ends.Item1, ends.Item2)))
        {
            Labels = label switch
            {
                0 => [new("region", "r1")],
                1 => [new("model", "m0")],
                2 => [new("region", "r0"), new("thread", "t1")],
                _ => [],
            },
            Spans = spans switch
            {
                0 => new SpanSelection(PprofGen.TraceOf(1), null, new HashSet<ulong> { 1, 2 }),
                1 => new SpanSelection(PprofGen.TraceOf(0), new HashSet<ulong> { 3, 4 }, new HashSet<ulong> { 1, 3, 4 }),
                _ => null,
            },
        };

    private static readonly Gen<Case> s_case = Gen.Select(PprofGen.Case.Array[1, 20], s_selection, s_selection, static (profiles, selection, baseline) => new Case(profiles, selection, baseline));

    [Fact]
    public void TheFlameGraphIsTheSumOfTheSelectedStacks() => Property.Check(s_case, 300, static one =>
    {
        var sources = SourcesOf(one.Profiles);
        var plain = Selected(one.Profiles, one.Selection);
        var graph = ProfileQueries.Flame(sources, one.Selection, null, 1000, ProfileMemory.Unlimited, Throw, CancellationToken.None);
        Assert.Equal(Paths(plain), Paths(graph, graph.Self, graph.Total));
        Assert.Equal((plain.Sum(s => s.Value), 0), (graph.Sum.Value, graph.FramesLeftOut));
        AssertTree(graph);
    });

    [Fact]
    public void AComparisonHasTheSumsOfBothSelections() => Property.Check(s_case, 200, static one =>
    {
        var graph = ProfileQueries.Flame(SourcesOf(one.Profiles), one.Selection, one.Baseline, 1000, ProfileMemory.Unlimited, Throw, CancellationToken.None);
        Assert.Equal(Paths(Selected(one.Profiles, one.Selection)), Paths(graph, graph.Self, graph.Total));
        Assert.Equal(Paths(Selected(one.Profiles, one.Baseline)), Paths(graph, graph.BaseSelf, graph.BaseTotal));
        Assert.Equal(Selected(one.Profiles, one.Baseline).Sum(s => s.Value), graph.BaseSum?.Value);
    });

    [Fact]
    public void WithoutRoomTheLargestFramesStayAndHangTogether() => Property.Check(s_case, 150, static one =>
    {
        var sources = SourcesOf(one.Profiles);
        var whole = ProfileQueries.Flame(sources, one.Selection, null, 1000, ProfileMemory.Unlimited, Throw, CancellationToken.None);
        for (var room = 1; room <= whole.Self.Length; room += 3)
        {
            var part = ProfileQueries.Flame(sources, one.Selection, null, room, ProfileMemory.Unlimited, Throw, CancellationToken.None);
            Assert.Equal((room, whole.Self.Length - room), (part.Self.Length, part.FramesLeftOut));
            Assert.Equal(whole.Sum, part.Sum);
            var all = Paths(whole, whole.Self, whole.Total);
            Assert.All(Paths(part, part.Self, part.Total), path => Assert.Contains(path, all));
            Assert.True(part.Total.Min() >= whole.Total.Order().ElementAt(part.FramesLeftOut));
            AssertTree(part);
        }
    });

    [Fact]
    public void FunctionsCountOnceAStackHoweverOftenTheyCallThemselves() => Property.Check(s_case, 300, static one =>
    {
        var plain = Selected(one.Profiles, one.Selection);
        var expected = plain.SelectMany(static s => s.Stack.Distinct().Select(frame => (Frame: frame, Self: s.Stack[^1] == frame ? s.Value : 0, Total: s.Value)))
            .GroupBy(static f => f.Frame).Select(static g => $"{g.Key} {g.Sum(f => f.Self)} {g.Sum(f => f.Total)}").Order(StringComparer.Ordinal);
        var found = ProfileQueries.Functions(SourcesOf(one.Profiles), one.Selection, null, FunctionOrder.Total, 1000, ProfileMemory.Unlimited, Throw, CancellationToken.None);
        Assert.Equal(expected, found.Functions.Select(static f => $"{f.Name}|{f.File} {f.Self} {f.Total}").Order(StringComparer.Ordinal));
        Assert.Equal(found.Functions.OrderByDescending(static f => f.Total).Select(static f => f.Total), found.Functions.Select(static f => f.Total));
    });

    [Fact]
    public void TheTracesOfAFrameAreThoseWhoseSamplesHaveIt() => Property.Check(Gen.Select(s_case, Gen.Int[0, 4]), 300, static pair =>
    {
        var (one, name) = (pair.Item1, $"f{pair.Item2}");
        var plain = Selected(one.Profiles, one.Selection).Where(s => s.Stack.Any(frame => frame.StartsWith($"{name}|", StringComparison.Ordinal))).ToList();
        var expected = plain.Where(static s => s.Trace.IsValid && s.Value > 0).GroupBy(static s => s.Trace)
            .Select(static g => $"{g.Key} {g.Sum(s => s.Value)} {string.Join(',', g.Select(s => s.Span).Where(s => s != 0).Distinct().Order())}").Order(StringComparer.Ordinal);
        var found = ProfileQueries.Traces(SourcesOf(one.Profiles), one.Selection, name, null, 100, ProfileMemory.Unlimited, Throw, CancellationToken.None);
        Assert.Equal(expected, found.Traces.Select(static t => $"{t.TraceId} {t.Value} {string.Join(',', t.Spans)}").Order(StringComparer.Ordinal));
        Assert.Equal((plain.Sum(s => s.Value), plain.Where(s => !s.Trace.IsValid).Sum(s => s.Value)), (found.Value, found.Unlinked));
    });

    [Fact]
    public void ServicesAndTypesAreThoseWithWindowsInTheRange() => Property.Check(s_case, 300, static one =>
    {
        var plain = Selected(one.Profiles, one.Selection).Where(static s => s.Value > 0);
        var expected = plain.GroupBy(static s => $"{s.Service} {s.Type} {s.Unit}")
            .Select(g => $"{g.Key} {g.Min(s => s.Start)} {g.Max(s => s.End)} {(one.Selection.Spans is null ? null : g.Sum(s => s.Value))}").Order(StringComparer.Ordinal);
        var found = ProfileQueries.Types(SourcesOf(one.Profiles), one.Selection, Throw, CancellationToken.None);
        Assert.Equal(expected, found.Select(static t => $"{t.Service} {t.Type} {t.Unit} {t.FirstUnixNano} {t.LastUnixNano} {t.Value}").Order(StringComparer.Ordinal));
    });

    [Fact]
    public void LabelsAreThoseOfTheWindowsInTheRange() => Property.Check(s_case, 300, static one =>
    {
        var selection = one.Selection with { Spans = null };
        var plain = Selected(one.Profiles, selection);
        var expected = plain.SelectMany(static s => s.Labels.Split(',', StringSplitOptions.RemoveEmptyEntries)).Distinct().Order(StringComparer.Ordinal);
        var found = ProfileQueries.Labels(SourcesOf(one.Profiles), selection, 100, Throw, CancellationToken.None);
        Assert.Equal(expected, found.SelectMany(static l => l.Values.Select(v => $"{l.Key}={v.Value}")).Order(StringComparer.Ordinal));
        Assert.All(found, static label => Assert.Equal(label.Count, label.Values.Count));
        Assert.All(found, static label => Assert.Equal(label.Values.OrderByDescending(v => v.Windows).Select(v => v.Windows), label.Values.Select(v => v.Windows)));
        if (found.Count > 0) Assert.Single(ProfileQueries.Labels(SourcesOf(one.Profiles), selection, 1, Throw, CancellationToken.None)[0].Values);
    });

    [Fact]
    public void WhatOneRequestBroughtOfOneTimeIsOneWindowWhateverItsLabels()
    {
        var head = new ProfileBatch();
        foreach (var thread in new[] { "a", "b" }) head.Add(Facts(head, thread), OneSample(head, 5));
        var graph = ProfileQueries.Flame([head], s_cpu, null, 10, ProfileMemory.Unlimited, Throw, CancellationToken.None);
        Assert.Equal((10L, 1), (graph.Sum.Value, graph.Sum.Windows));
        Assert.Equal(1, Assert.Single(ProfileQueries.Types([head], s_cpu, Throw, CancellationToken.None)).Windows);
    }

    [Fact]
    public void AChangeIsOneOfShares()
    {
        var head = new ProfileBatch();
        // Ten times as much was sampled as before, nearly all of it as before.
        void Add(ulong start, string function, long value)
        {
            var node = head.Builder.Node(StackTables.Top, head.Builder.Location(head.Builder.Function(head.Builder.Text(function), head.Builder.Text("")), 0));
            head.Add(Facts(head, "") with { StartUnixNano = start, EndUnixNano = start + 1 }, new WindowSamples(new[] { node }, new[] { -1 }, new[] { value }));
        }
        Add(10, "usual", 60);
        Add(10, "rare", 40);
        Add(20, "usual", 900);
        Add(20, "rare", 100);
        Add(20, "new", 0 + 1);
        var costs = ProfileQueries.Functions([head], s_cpu with { FromUnixNano = 20 }, s_cpu with { ToUnixNano = 15 }, FunctionOrder.Change, 10, ProfileMemory.Unlimited, Throw, CancellationToken.None);
        Assert.Equal(["rare", "usual", "new"], costs.Functions.Select(static f => f.Name));
    }

    [Fact]
    public void AQuestionThatNeedsTooMuchMemoryEndsAndSaysWhatToDo()
    {
        var sources = SourcesOf([.. Enumerable.Range(0, 20).Select(static seed => PprofGen.Make(new Random(seed)))]);
        var all = new ProfileSelection(null, null, null, null, null);
        ProfileMemory Little() => new(200);
        foreach (var ask in new Action[]
        {
            () => ProfileQueries.Flame(sources, all, null, 10, Little(), Throw, CancellationToken.None),
            () => ProfileQueries.Functions(sources, all, null, FunctionOrder.Self, 10, Little(), Throw, CancellationToken.None),
            () => ProfileQueries.Traces(sources, all, "f1", null, 10, Little(), Throw, CancellationToken.None),
        })
        {
            Assert.Contains("(--query-max-bytes). Ask for a shorter time range", Assert.Throws<ProfileMemoryException>(ask).Message, StringComparison.Ordinal);
        }
        // What is given back between sources is no reason to end: all together needs more than any of them.
        var whole = ProfileQueries.Flame(sources, all, null, 10, new ProfileMemory(1 << 16), Throw, CancellationToken.None);
        Assert.True(whole.Sum.Value > 0);
    }

    [Fact]
    public void OfASourceThatBreaksOffNothingIsCounted()
    {
        var head = new ProfileBatch();
        for (var i = 0; i < 3; i++) head.Add(Facts(head, "") with { StartUnixNano = (ulong)i, EndUnixNano = (ulong)i + 1 }, OneSample(head, 7));
        var problems = new List<Exception>();
        var broken = new BrokenSource(head, 2);
        var graph = ProfileQueries.Flame([broken, head], s_cpu, null, 10, ProfileMemory.Unlimited, problems.Add, CancellationToken.None);
        Assert.Equal((21L, 3), (graph.Sum.Value, graph.Sum.Windows));
        Assert.Equal((21L, 21L), (ProfileQueries.Traces([broken, head], s_cpu, "f", null, 10, ProfileMemory.Unlimited, problems.Add, CancellationToken.None) is var traces ? (traces.Value, traces.Unlinked) : default));
        Assert.Equal(2, problems.Count);
    }

    private static readonly ProfileSelection s_cpu = new("s", "cpu", null, null, null);

    private static WindowFacts Facts(ProfileBatch head, string thread) => new(head.SeriesNumber(new ProfileSeries("s", "cpu", "nanoseconds", thread.Length == 0 ? [] : [new("thread", thread)])), 1, 2, 9, 0);

    private static WindowSamples OneSample(ProfileBatch head, long value)
    {
        var node = head.Builder.Node(StackTables.Top, head.Builder.Location(head.Builder.Function(head.Builder.Text("f"), head.Builder.Text("")), 0));
        return new WindowSamples(new[] { node }, new[] { -1 }, new[] { value });
    }

    /// <summary>A source of which a window cannot be read.</summary>
    private sealed class BrokenSource(IProfileSource source, int broken) : IProfileSource
    {
        public StackTables Tables => source.Tables;

        public IReadOnlyList<ProfileSeries> Series => source.Series;

        public ReadOnlyMemory<SampleLink> Links => source.Links;

        public ReadOnlyMemory<WindowFacts> Windows => source.Windows;

        public WindowSamples SamplesOf(int window) => window == broken ? throw new IOException("the disk is gone") : source.SamplesOf(window);

        public IEnumerable<int> WindowsOf(bool[] links) => source.WindowsOf(links);
    }

    [Fact]
    public void SumsThatAreTooLargeStayTheLargestNumber()
    {
        var head = new ProfileBatch();
        var node = head.Builder.Node(StackTables.Top, head.Builder.Location(head.Builder.Function(head.Builder.Text("f"), head.Builder.Text("")), 0));
        var series = head.SeriesNumber(new ProfileSeries("s", "cpu", "nanoseconds", []));
        for (var i = 0; i < 3; i++) head.Add(new WindowFacts(series, 1, 2, 0, 0), new WindowSamples(new[] { node }, new[] { -1 }, new[] { long.MaxValue }));
        var graph = ProfileQueries.Flame([head], new ProfileSelection("s", "cpu", null, null, null), null, 10, ProfileMemory.Unlimited, Throw, CancellationToken.None);
        Assert.Equal((long.MaxValue, long.MaxValue), (graph.Sum.Value, graph.Total[0]));
    }

    [Fact]
    public void ACancelledQueryEnds()
    {
        var sources = SourcesOf([PprofGen.Make(new Random(3))]);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => ProfileQueries.Flame(sources, new ProfileSelection(null, null, null, null, null), null, 10, ProfileMemory.Unlimited, Throw, cancelled.Token));
    }

    private static void Throw(Exception unreadable) => throw unreadable;

    private static ulong At(int second) => PprofGen.Noon + (ulong)second * 1_000_000_000;

    /// <summary>A third of the profiles in the head, a third in a block, a third in another one.</summary>
    private static IReadOnlyList<IProfileSource> SourcesOf(PprofCase[] profiles)
    {
        var heads = new[] { new ProfileBatch(), new ProfileBatch(), new ProfileBatch() };
        for (var i = 0; i < profiles.Length; i++) heads[i % 3].AddAll(profiles[i].Decode(), PprofGen.Noon);
        return [heads[0].Snapshot(), ProfileBlocks.Write([heads[1]]), ProfileBlocks.Write([heads[2]])];
    }

    private static IReadOnlyList<PlainSample> Selected(PprofCase[] profiles, ProfileSelection selection)
    {
        var (from, to) = (selection.FromUnixNano ?? 0, selection.ToUnixNano ?? ulong.MaxValue);
        return
        [
            .. profiles.SelectMany(static p => p.Samples).Where(s =>
                s.Value > 0
                && (selection.Service is null || s.Service == selection.Service) && (selection.Type is null || s.Type == selection.Type)
                && selection.Labels.All(label => s.Labels.Split(',').Contains($"{label.Key}={label.Value}"))
                && s.Start < to && (s.End > from || s.Start >= from)
                && (selection.Spans is not { } spans || (s.Trace.IsValid ? s.Trace == spans.TraceId && spans.Spans?.Contains(s.Span) != false : s.Span != 0 && (spans.Spans ?? spans.Known).Contains(s.Span)))),
        ];
    }

    private static IReadOnlyList<string> Paths(IEnumerable<PlainSample> samples)
    {
        var (self, total) = (new Dictionary<string, long>(), new Dictionary<string, long>());
        foreach (var sample in samples)
        {
            for (var depth = 1; depth <= sample.Stack.Count; depth++)
            {
                var path = string.Join(';', sample.Stack.Take(depth));
                total[path] = total.GetValueOrDefault(path) + sample.Value;
                if (depth == sample.Stack.Count) self[path] = self.GetValueOrDefault(path) + sample.Value;
            }
        }
        return [.. total.Select(p => $"{p.Key} {self.GetValueOrDefault(p.Key)} {p.Value}").Order(StringComparer.Ordinal)];
    }

    private static IReadOnlyList<string> Paths(FlameGraph graph, long[] self, long[] total)
    {
        var (path, found) = (new List<string>(), new List<string>());
        for (var i = 0; i < graph.Depth.Length; i++)
        {
            path.RemoveRange(graph.Depth[i], path.Count - graph.Depth[i]);
            path.Add($"{graph.Names[graph.Function[i]]}|{graph.Files[graph.Function[i]]}");
            if (total[i] > 0) found.Add($"{string.Join(';', path)} {self[i]} {total[i]}");
        }
        return [.. found.Order(StringComparer.Ordinal)];
    }

    private static void AssertTree(FlameGraph graph)
    {
        for (var i = 0; i < graph.Depth.Length; i++)
        {
            Assert.InRange(graph.Depth[i], 0, i == 0 ? 0 : graph.Depth[i - 1] + 1);
            Assert.True(graph.Self[i] <= graph.Total[i]);
        }
    }
}
