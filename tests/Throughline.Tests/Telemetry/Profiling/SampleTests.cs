using System.Diagnostics;
using Throughline.Telemetry.Profiling;

namespace Throughline.Tests.Telemetry.Profiling;

public sealed class SampleTests
{
    [Fact]
    public void PeriodIsTheMeanTimeBetweenRoundsOfAllThreads()
    {
        var table = new SampleTable(limit: 10);
        // Thread 1 is in every round, thread 2 in some.
        foreach (var (thread, time) in new[] { (1, 100), (2, 101), (1, 200), (1, 350), (2, 352), (1, 400) }) table.Add(thread, time, [7], null, running: true);

        Assert.Equal((4, 100.0, 6), (table.Rounds, table.PeriodTicks, table.Total));
    }

    [Fact]
    public void SamplesOfOneStackAreToldBySpanAndWhatIsAboveTheLimitIsCounted()
    {
        using var span = new Activity("span");
        var table = new SampleTable(limit: 2);
        table.Add(1, 1, [1, 2], span, running: true);
        table.Add(1, 2, [1, 2], span, running: false);
        table.Add(1, 3, [1, 2], null, running: true);
        table.Add(1, 4, [3], null, running: true);
        table.Add(1, 5, [1, 2], null, running: true);

        Assert.Equal((5, 4, 1), (table.Total, table.Running, table.AboveLimit));
        Assert.Equal([(span, 1L, 1L), (null, 2L, 0L)], table.Counts.Select(count => (count.Span, count.Running, count.Elsewhere)));
    }

    [Fact]
    public void ProcessorTimeIsNoMoreThanTheProcessUsed()
    {
        var table = new SampleTable(limit: 10);
        for (var round = 0; round < 11; round++)
            for (var thread = 0; thread < 4; thread++) table.Add(thread, round * 100, [1], null, running: true);

        // 44 samples of 100 ns, while two processors worked for 1,100 ns each.
        var scale = SampleScale.Of(table, frequency: 1_000_000_000, TimeSpan.FromMicroseconds(2.2));
        Assert.Equal((100.0, 50.0), (scale.WallNanos, Math.Round(scale.CpuNanos, 6)));
        Assert.Equal(100.0, SampleScale.Of(table, 1_000_000_000, TimeSpan.FromSeconds(1)).CpuNanos);
    }

    [Theory]
    [InlineData("Hsi.Detector", "Run", "Hsi.Detector.Run")]
    [InlineData("Hsi.Detector+Inner", "Run", "Hsi.Detector.Inner.Run")]
    [InlineData("Hsi.Detector+<RunAsync>d__3", "MoveNext", "Hsi.Detector.RunAsync")]
    [InlineData("Hsi.Detector+<RunAsync>d__3`1", "MoveNext", "Hsi.Detector.RunAsync")]
    [InlineData("Hsi.Detector+<RunAsync>d__3`1[System.__Canon]", "MoveNext", "Hsi.Detector.RunAsync")]
    [InlineData("Hsi.Queue", "MoveNext", "Hsi.Queue.MoveNext")]
    [InlineData("", "stub", "stub")]
    public void FramesAreNamedAsTheSourceHasThem(string type, string method, string name) => Assert.Equal(name, FrameName.Of(type, method));
}
