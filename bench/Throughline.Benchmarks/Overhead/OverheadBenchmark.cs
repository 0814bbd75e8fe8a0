using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>
/// What telemetry costs the pipeline's services: two sets of them side by side, one with it and one with <c>OTEL_SDK_DISABLED=true</c>, get the
/// same images in turn at the pipeline's load. A pair is a stretch of images of both sets: what else the machine does meets both.
/// </summary>
internal static class OverheadBenchmark
{
    private const int WarmUp = 240;

    /// <summary>In the warm-up nearly every image is a batch of its own; otherwise the analyst's code would never be compiled a last time.</summary>
    private const int WarmUpCameras = 16;

    private const int Cameras = 2;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var (rate, seconds, images) = (arguments.Number("--rate", 2), arguments.Number("--seconds", 200), (int)arguments.Number("--images", 10));
        var frames = Directory.EnumerateFiles(RepositoryFolder.Of("pipeline", ".data", "frames"), "*.jpg").Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToArray();
        var data = Directory.CreateTempSubdirectory("throughline-overhead-server-").FullName;
        try
        {
            await using var server = await ServerProcess.StartAsync(arguments, data);
            await server.ReadyAsync();
            var protocol = arguments.Option("--protocol", "grpc");
            await using var on = await ServiceSet.StartAsync(protocol == "grpc" ? server.OtlpGrpc : server.OtlpHttp, protocol);
            await using var off = await ServiceSet.StartAsync(null, protocol);
            // Code is compiled a last time after a number of calls; at full speed that is over soon.
            await DriveAsync(on, off, frames, WarmUp, WarmUpCameras, TimeSpan.FromMilliseconds(60));
            foreach (var list in new[] { on.Uploads, off.Uploads, on.Detections, off.Detections }) list.Clear();
            // What is under way shall not be counted as a pair's.
            await Task.Delay(TimeSpan.FromSeconds(8));

            var pairs = Math.Max(1, (int)(seconds * rate / images));
            var ratios = Enumerable.Range(0, on.Services.Count + 1).Select(_ => new List<double>()).ToArray();
            var (allOn, allOff) = (new double[on.Services.Count], new double[on.Services.Count]);
            for (var pair = 0; pair < pairs; pair++)
            {
                var (beforeOn, beforeOff) = (on.CpuSeconds(), off.CpuSeconds());
                await DriveAsync(on, off, frames, images, Cameras, TimeSpan.FromSeconds(0.5 / rate));
                var (usedOn, usedOff) = (Minus(on.CpuSeconds(), beforeOn), Minus(off.CpuSeconds(), beforeOff));
                for (var i = 0; i < usedOn.Length; i++) ratios[i].Add(usedOn[i] / usedOff[i]);
                ratios[^1].Add(usedOn.Sum() / usedOff.Sum());
                (allOn, allOff) = (Plus(allOn, usedOn), Plus(allOff, usedOff));
            }
            Report(on, off, ratios, allOn, allOff, pairs * images, rate);
            using var status = await server.StatusAsync();
            Console.WriteLine($"spans in the store: {status.RootElement.GetProperty("store").GetProperty("spans")}");
            return 0;
        }
        finally
        {
            Directory.Delete(data, true);
        }
    }

    /// <summary>Sends the images to both sets, an upload and a detection past the backend of each, evenly spaced; who is first changes.</summary>
    private static async Task DriveAsync(ServiceSet on, ServiceSet off, byte[][] frames, int images, int cameras, TimeSpan space)
    {
        using var tick = new PeriodicTimer(space);
        for (var i = 0; i < images; i++)
        {
            var frame = frames[i * 7 % frames.Length];
            foreach (var set in i % 2 == 0 ? new[] { on, off } : [off, on])
            {
                await tick.WaitForNextTickAsync();
                await set.UploadAsync(frame, i % cameras);
                await set.DetectAsync(frame);
            }
        }
    }

    private static void Report(ServiceSet on, ServiceSet off, List<double>[] ratios, double[] cpuOn, double[] cpuOff, int images, double rate)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{images} images to each set, {rate} a second; {ratios[0].Count} pairs"));
        Console.WriteLine("| | with telemetry | without | difference | ratio | median of the pairs' ratios (quartiles) |");
        Console.WriteLine("|---|---|---|---|---|---|");
        for (var i = 0; i < cpuOn.Length; i++) Row($"CPU of {on.Services[i].Name}, ms an image", cpuOn[i] * 1000 / images, cpuOff[i] * 1000 / images, ratios[i]);
        Row("CPU of all three, ms an image", cpuOn.Sum() * 1000 / images, cpuOff.Sum() * 1000 / images, ratios[^1]);
        Latency("an upload", on.Uploads, off.Uploads);
        Latency("a detection", on.Detections, off.Detections);

        static void Latency(string name, List<double> on, List<double> off)
        {
            Row($"latency of {name}, p50, ms", Figures.Median(on), Figures.Median(off), [.. on.Zip(off, (a, b) => a / b)]);
            Row($"latency of {name}, p95, ms", Figures.Percentile(on, 0.95), Figures.Percentile(off, 0.95), null);
        }

        static void Row(string name, double with, double without, List<double>? ratios) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {with:0.000} | {without:0.000} | {with - without:0.000} | {with / without:0.0000} | {(ratios is null ? "" : $"{Figures.Median(ratios):0.0000} ({Figures.Percentile(ratios, 0.25):0.000} to {Figures.Percentile(ratios, 0.75):0.000})")} |"));
    }

    private static double[] Minus(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x - y)];

    private static double[] Plus(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
