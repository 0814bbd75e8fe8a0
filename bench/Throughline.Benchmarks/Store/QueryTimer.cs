using System.Diagnostics;

namespace Throughline.Benchmarks;

/// <summary>A store that a question is asked: the milliseconds of asking once, and the process that does the work.</summary>
internal sealed record QuestionSide(Func<Task<double>> AskAsync, ProcessCounters Counters);

/// <summary>Medians over the measured runs: what the asker waits, and the CPU time of the process, which counts where other programs keep the machine busy.</summary>
internal readonly record struct QuestionFigures(double Milliseconds, double CpuMilliseconds);

/// <summary>
/// Medians of warm runs. Each side warms up by a number of runs, since compilers here and there work by them; then both are asked in turn, a few times each, so that what else the machine
/// does meets both alike. The first of the few does not count: the other side's work has taken the processor's caches. Stateless.
/// </summary>
internal static class QueryTimer
{
    private const int Turns = 3;
    private const int RunsInTurn = 3;
    private const int WarmUpRuns = 300;
    private const int WarmUpRounds = 2;
    private static readonly TimeSpan WarmUpLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CompilerPause = TimeSpan.FromMilliseconds(300);

    /// <summary>The figures of all sides, in their order.</summary>
    public static async Task<QuestionFigures[]> MeasureAsync(params IReadOnlyList<QuestionSide> sides)
    {
        foreach (var side in sides) await WarmUpAsync(side);
        var runs = sides.Select(_ => (Times: new List<double>(), Cpu: new List<double>())).ToArray();
        for (var turn = 0; turn < Turns; turn++)
        {
            for (var side = 0; side < sides.Count; side++)
            {
                await sides[side].AskAsync();
                for (var run = 0; run < RunsInTurn; run++)
                {
                    var cpu = sides[side].Counters.CpuSeconds;
                    runs[side].Times.Add(await sides[side].AskAsync());
                    runs[side].Cpu.Add((sides[side].Counters.CpuSeconds - cpu) * 1000);
                }
            }
        }
        return [.. runs.Select(side => new QuestionFigures(Figures.Median(side.Times), Figures.Median(side.Cpu)))];
    }

    /// <summary>
    /// Twice the runs, or as many as the limit holds but three at least, and after each the time that the runtime takes to compile what they showed to be hot: it waits for a quiet moment, and what was
    /// called in the first round only calls for the compiler in the second.
    /// </summary>
    private static async Task WarmUpAsync(QuestionSide side)
    {
        for (var round = 0; round < WarmUpRounds; round++)
        {
            var watch = Stopwatch.StartNew();
            for (var run = 0; run < 3 || run < WarmUpRuns && watch.Elapsed < WarmUpLimit; run++) await side.AskAsync();
            await Task.Delay(CompilerPause);
        }
        await side.AskAsync();
    }
}
