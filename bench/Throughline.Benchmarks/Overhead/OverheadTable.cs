using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>The figures of the two sets, side by side. One caller.</summary>
internal sealed class OverheadTable(ServiceSet on, ServiceSet off)
{
    private readonly List<(double[] On, double[] Off)> _pairs = [];
    private int _images;

    /// <summary>CPU seconds of each service of both sets over the same images.</summary>
    public void AddPair(double[] usedOn, double[] usedOff, int images)
    {
        _pairs.Add((usedOn, usedOff));
        _images += images;
    }

    public void Print()
    {
        Console.WriteLine("| | with telemetry | without | difference | ratio | median of the pairs' ratios (quartiles) |");
        Console.WriteLine("|---|---|---|---|---|---|");
        for (var i = 0; i < on.Services.Count; i++)
        {
            var service = i;
            Cpu(on.Services[service].Name, used => used[service]);
        }
        Cpu("all three", used => used.Sum());
        Latency("an upload", on.Uploads, off.Uploads);
        Latency("a detection", on.Detections, off.Detections);
    }

    private void Cpu(string name, Func<double[], double> of) => Row($"CPU of {name}, ms an image",
        _pairs.Sum(pair => of(pair.On)) * 1000 / _images, _pairs.Sum(pair => of(pair.Off)) * 1000 / _images, [.. _pairs.Select(pair => of(pair.On) / of(pair.Off))]);

    private static void Latency(string name, List<double> on, List<double> off)
    {
        Row($"latency of {name}, p50, ms", Figures.Median(on), Figures.Median(off), [.. on.Zip(off, (a, b) => a / b)]);
        Row($"latency of {name}, p95, ms", Figures.Percentile(on, 0.95), Figures.Percentile(off, 0.95), []);
    }

    private static void Row(string name, double with, double without, List<double> ratios)
    {
        var pairs = ratios.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $"{Figures.Median(ratios):0.000} ({Figures.Percentile(ratios, 0.25):0.000} to {Figures.Percentile(ratios, 0.75):0.000})");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {with:0.000} | {without:0.000} | {with - without:0.000} | {with / without:0.000} | {pairs} |"));
    }
}
