using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>
/// What telemetry costs the pipeline's services: two sets of them side by side, one with it and one with <c>OTEL_SDK_DISABLED=true</c>, get the
/// same images in turn at the pipeline's load. A pair is a stretch of images of both sets: what else the machine does meets both.
/// </summary>
internal static class OverheadBenchmark
{
    private const int WarmUp = 80;

    /// <summary>In the warm-up nearly every image is a batch of its own, so that the analyst is asked often.</summary>
    private const int WarmUpCameras = 16;

    private const int Cameras = 2;
    private const int Detections = 120;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var (rate, seconds, images) = (arguments.Number("--rate", 2), arguments.Number("--seconds", 200), (int)arguments.Number("--images", 10));
        var frames = Directory.EnumerateFiles(RepositoryFolder.Of("pipeline", ".data", "frames"), "*.jpg").Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToArray();
        var data = Directory.CreateTempSubdirectory("throughline-overhead-server-").FullName;
        try
        {
            await using var server = await ServerProcess.StartAsync(arguments, data);
            await server.ReadyAsync();
            var protocol = arguments.Option("--protocol", "http/protobuf");
            await using var on = await ServiceSet.StartAsync(protocol == "grpc" ? server.OtlpGrpc : server.OtlpHttp, protocol);
            await using var off = await ServiceSet.StartAsync(null, protocol);
            await InTurnAsync(on, off, frames, WarmUp, TimeSpan.FromMilliseconds(100), (set, frame, i) => set.UploadAsync(frame, i % WarmUpCameras));
            foreach (var list in new[] { on.Uploads, off.Uploads }) list.Clear();
            // What is under way shall not be counted as a pair's.
            await Task.Delay(TimeSpan.FromSeconds(8));

            var refused = on.Refused + off.Refused;
            var table = new OverheadTable(on, off);
            var pairs = Math.Max(1, (int)(seconds * rate / images));
            for (var pair = 0; pair < pairs; pair++)
            {
                var (beforeOn, beforeOff) = (on.CpuSeconds(), off.CpuSeconds());
                await InTurnAsync(on, off, frames, images, TimeSpan.FromSeconds(0.5 / rate), (set, frame, i) => set.UploadAsync(frame, i % Cameras));
                table.AddPair(Minus(on.CpuSeconds(), beforeOn), Minus(off.CpuSeconds(), beforeOff), images);
            }
            await Task.Delay(TimeSpan.FromSeconds(8));
            await InTurnAsync(on, off, frames, Detections, TimeSpan.FromMilliseconds(20), (set, frame, _) => set.DetectAsync(frame));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{pairs * images} images to each set, {rate} a second; {pairs} pairs; then {Detections} detections by each"));
            table.Print();
            Console.WriteLine($"images refused and sent again meanwhile: {on.Refused + off.Refused - refused}");
            using var status = await server.StatusAsync();
            Console.WriteLine($"spans in the store: {status.RootElement.GetProperty("store").GetProperty("spans")}");
            return 0;
        }
        finally
        {
            Directory.Delete(data, true);
        }
    }

    /// <summary>Sends each frame to both sets, evenly spaced; who is first changes.</summary>
    private static async Task InTurnAsync(ServiceSet on, ServiceSet off, byte[][] frames, int images, TimeSpan space, Func<ServiceSet, byte[], int, Task> send)
    {
        using var tick = new PeriodicTimer(space);
        for (var i = 0; i < images; i++)
        {
            foreach (var set in i % 2 == 0 ? new[] { on, off } : [off, on])
            {
                await tick.WaitForNextTickAsync();
                await send(set, frames[i * 7 % frames.Length], i);
            }
        }
    }

    private static double[] Minus(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x - y)];
}
