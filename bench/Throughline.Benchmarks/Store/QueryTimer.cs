using System.Diagnostics;

namespace Throughline.Benchmarks;

/// <summary>Asks a question once; answers the milliseconds that it took.</summary>
internal delegate Task<double> TimedQuestion();

/// <summary>
/// Medians of warm runs. Each side warms up by a number of runs, since compilers here and there work by them; then both are asked in turn, so that what else the machine
/// does meets both alike. Stateless.
/// </summary>
internal static class QueryTimer
{
    private const int Runs = 9;
    private const int WarmUpRuns = 40;
    private static readonly TimeSpan WarmUpLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CompilerPause = TimeSpan.FromMilliseconds(300);

    /// <summary>The medians of all sides, in their order.</summary>
    public static async Task<double[]> MediansAsync(params IReadOnlyList<TimedQuestion> sides)
    {
        foreach (var side in sides) await WarmUpAsync(side);
        var times = sides.Select(_ => new List<double>()).ToArray();
        for (var run = 0; run < Runs; run++)
        {
            for (var side = 0; side < sides.Count; side++) times[side].Add(await sides[side]());
        }
        return [.. times.Select(Figures.Median)];
    }

    /// <summary>Forty runs, or as many as two seconds hold but three at least; then the time that the runtime takes to compile what they showed to be hot.</summary>
    private static async Task WarmUpAsync(TimedQuestion question)
    {
        var watch = Stopwatch.StartNew();
        for (var run = 0; run < 3 || run < WarmUpRuns && watch.Elapsed < WarmUpLimit; run++) await question();
        await Task.Delay(CompilerPause);
        await question();
    }
}
