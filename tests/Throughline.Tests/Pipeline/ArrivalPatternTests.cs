using Throughline.Pipeline.Camera;

namespace Throughline.Tests.Pipeline;

public sealed class ArrivalPatternTests
{
    [Fact]
    public void SteadyCameraSendsOneImageInTwoSeconds()
    {
        var arrivals = Arrivals(new() { Pattern = "steady" }, 1001)[1..];

        Assert.All(arrivals, arrival => Assert.InRange(arrival.AfterSeconds, 1.5, 2.5));
        Assert.All(arrivals, arrival => Assert.True(arrival.NewBurst));
        Assert.InRange(arrivals.Average(arrival => arrival.AfterSeconds), 1.95, 2.05);
    }

    [Fact]
    public void BurstyCameraSendsBurstsOfItsSizes()
    {
        var arrivals = Arrivals(new(), 22);

        Assert.Equal([0, 3, 9, 11, 14, 20], arrivals.Index().Where(entry => entry.Item.NewBurst).Select(entry => entry.Index));
        Assert.All(arrivals[1..], arrival => Assert.Equal(arrival.NewBurst ? 6 : 0.7, arrival.AfterSeconds));
        Assert.Equal(23.6, arrivals[11..].Sum(arrival => arrival.AfterSeconds), 6);
    }

    [Fact]
    public void NightIsMostlyQuietWithVisitsAndAFewIncidents()
    {
        var arrivals = Arrivals(new() { Pattern = "night" }, 20_000)[1..];

        var quiet = arrivals.Where(arrival => arrival.NewBurst).Select(arrival => arrival.AfterSeconds).ToList();
        Assert.True(quiet.Min() >= 5);
        Assert.InRange(quiet.Average(), 43, 47);
        Assert.All(arrivals.Where(arrival => !arrival.NewBurst), arrival => Assert.Equal(0.5, arrival.AfterSeconds));
        var sizes = Sizes(arrivals);
        Assert.Equal([1, 2, 12], sizes.Distinct().Order());
        Assert.InRange(sizes.Count(size => size == 12) / (double)sizes.Count, 0.08, 0.12);
    }

    [Theory]
    [InlineData("steady")]
    [InlineData("bursty")]
    [InlineData("night")]
    public void RateIsThatOfAllCamerasTogether(string pattern)
    {
        var options = new CameraOptions { Pattern = pattern, Rate = 20, Count = 50 };
        var cameras = options.Ids().Count;

        var perCamera = Enumerable.Range(0, cameras).Select(camera =>
        {
            var arrivals = new ArrivalPattern(options).Arrivals(camera, cameras).Skip(1).Take(2200).ToList();
            return arrivals.Count / arrivals.Sum(arrival => arrival.AfterSeconds);
        });

        Assert.InRange(perCamera.Sum(), 19, 21);
    }

    [Fact]
    public void SameSeedBringsTheSameTimesAndEachCameraItsOwn()
    {
        var options = new CameraOptions { Pattern = "night" };

        Assert.Equal(Arrivals(options, 100), Arrivals(options, 100));
        Assert.NotEqual(Arrivals(options, 100), Arrivals(options, 100, camera: 1));
        Assert.NotEqual(Arrivals(options, 100), Arrivals(new() { Pattern = "night", Seed = 2 }, 100));
    }

    [Fact]
    public void CamerasDoNotBeginInStep() =>
        Assert.Equal(4, Enumerable.Range(0, 4).Select(camera => new ArrivalPattern(new()).Arrivals(camera, 4).First().AfterSeconds).Distinct().Count());

    private static List<Arrival> Arrivals(CameraOptions options, int count, int camera = 0) =>
        [.. new ArrivalPattern(options).Arrivals(camera, 2).Take(count)];

    private static List<int> Sizes(List<Arrival> arrivals)
    {
        var starts = arrivals.Index().Where(entry => entry.Item.NewBurst).Select(entry => entry.Index).ToList();
        return [.. starts.Zip(starts.Skip(1), (from, to) => to - from)];
    }
}
