using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>
/// Says whether a server got worse while it was soaked: the last quarter of the samples against the first, of which the first tenth of the run is left out as warm-up.
/// What is stored grows, so files may too, by less than a block of every 100,000 spans would. The bounds allow for a shared machine. Stateless.
/// </summary>
internal static class SoakDrift
{
    private const long SpansPerFile = 100_000;
    private const int SpareFiles = 20;

    /// <summary>What drifted, each in a sentence.</summary>
    public static List<string> Find(IReadOnlyList<SoakSample> samples)
    {
        var warm = samples.Skip(samples.Count / 10).ToList();
        var quarter = warm.Count / 4;
        if (quarter < 2) return [$"{samples.Count} samples are too few to judge drift by."];
        var (first, last) = (warm[..quarter], warm[^quarter..]);
        var problems = new List<string>();
        Compare(problems, "resident memory in MB", first, last, s => s.ResidentBytes / 1e6, 1.2, 64);
        Compare(problems, "CPU seconds of a sample", Deltas(first), Deltas(last), v => v, 1.5, 0.5);
        Compare(problems, "log in MB", first, last, s => s.LogBytes / 1e6, 1.2, 128);
        Compare(problems, "waiting requests", first, last, s => s.Waiting, 1.5, 32);
        Compare(problems, "p99 of acknowledgements in ms", first, last, s => s.AcknowledgedP99, 2, 50);
        Compare(problems, "p99 of reads in ms", first, last, s => s.ReadP99, 2, 50);
        var files = (last[^1].Spans - first[0].Spans) / SpansPerFile + SpareFiles;
        Compare(problems, "files", first, last, s => s.Files, 1, files);
        Compare(problems, "open files", first, last, s => s.OpenFiles, 1, files);
        return problems;
    }

    private static void Compare<T>(List<string> problems, string what, List<T> first, List<T> last, Func<T, double> value, double factor, double spare)
    {
        var (before, after) = (Figures.Median(first.Select(value)), Figures.Median(last.Select(value)));
        if (after > before * factor + spare)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {before:0.0} in the first quarter, {after:0.0} in the last; {before * factor + spare:0.0} would have passed"));
    }

    private static List<double> Deltas(List<SoakSample> samples) => [.. samples.Zip(samples.Skip(1), (a, b) => b.CpuSeconds - a.CpuSeconds)];
}
