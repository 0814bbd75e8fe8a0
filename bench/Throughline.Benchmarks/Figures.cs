namespace Throughline.Benchmarks;

/// <summary>What is said about a list of measurements.</summary>
internal static class Figures
{
    public static double Median(IEnumerable<double> values) => Percentile(values, 0.5);

    public static double Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * share)];
    }
}
