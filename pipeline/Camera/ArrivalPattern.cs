using System.Globalization;

namespace Throughline.Pipeline.Camera;

/// <summary>One image of a camera: how long after the one before it, and whether a burst begins with it.</summary>
internal readonly record struct Arrival(double AfterSeconds, bool NewBurst);

/// <summary>
/// When one camera sends its images, without an end. Steady: one every two seconds, give or take a quarter. Bursty: bursts of the sizes of the
/// options, with their times in between; as they are by default, 11 images in 23.6 s. Night: mostly nothing; somebody or something comes by
/// once in 45 s on average (at least 5 s, exponentially distributed), nine times of ten for one or two images and else for twelve,
/// all half a second apart: 2.55 images in 45.8 s on average. Immutable; each camera walks it for itself.
/// </summary>
internal sealed class ArrivalPattern(CameraOptions options)
{
    private const double
        SteadySeconds = 2, SteadyJitter = 0.25,
        QuietSeconds = 45, ShortestQuietSeconds = 5, VisitIntervalSeconds = 0.5, IncidentShare = 0.1;

    private const int IncidentSize = 12;

    /// <summary>Images per second of one camera as the pattern has it, in the long run.</summary>
    public double ImagesPerSecond => options.Pattern switch
    {
        "steady" => 1 / SteadySeconds,
        "night" => VisitSize / (QuietSeconds + (VisitSize - 1) * VisitIntervalSeconds),
        _ => BurstSizes.Sum() / (BurstSizes.Length * options.PauseSeconds + (BurstSizes.Sum() - BurstSizes.Length) * options.IntervalSeconds),
    };

    private static double VisitSize => (1 - IncidentShare) * 1.5 + IncidentShare * IncidentSize;

    private int[] BurstSizes => [.. options.BurstSizes.Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))];

    /// <summary>The images of a camera among <paramref name="cameras"/>, at the rate of the options if there is one.</summary>
    public IEnumerable<Arrival> Arrivals(int camera, int cameras)
    {
        var chance = new Random(unchecked(options.Seed * 7919 + camera));
        // All at once is everything without a pause: there is nothing to stretch or shorten.
        var natural = ImagesPerSecond;
        var pace = options.Rate > 0 && double.IsFinite(natural) ? natural / (options.Rate / cameras) : 1;
        // Cameras don't begin in step.
        var first = options.Pattern == "steady" ? SteadySeconds * camera / cameras : options.PauseSeconds * camera / cameras;
        foreach (var (image, arrival) in Natural(chance).Index())
            yield return arrival with { AfterSeconds = pace * (image == 0 ? first : arrival.AfterSeconds) };
    }

    private IEnumerable<Arrival> Natural(Random chance) => options.Pattern switch
    {
        "steady" => Steady(chance),
        "night" => Night(chance),
        _ => Bursty(),
    };

    private static IEnumerable<Arrival> Steady(Random chance)
    {
        while (true) yield return new(SteadySeconds * (1 + SteadyJitter * (2 * chance.NextDouble() - 1)), NewBurst: true);
    }

    private IEnumerable<Arrival> Bursty()
    {
        var sizes = BurstSizes;
        for (var burst = 0; ; burst++)
            for (var image = 0; image < sizes[burst % sizes.Length]; image++)
                yield return new(image == 0 ? options.PauseSeconds : options.IntervalSeconds, image == 0);
    }

    private static IEnumerable<Arrival> Night(Random chance)
    {
        while (true)
        {
            var quiet = ShortestQuietSeconds - (QuietSeconds - ShortestQuietSeconds) * Math.Log(1 - chance.NextDouble());
            var size = chance.NextDouble() < IncidentShare ? IncidentSize : chance.Next(1, 3);
            for (var image = 0; image < size; image++) yield return new(image == 0 ? quiet : VisitIntervalSeconds, image == 0);
        }
    }
}
