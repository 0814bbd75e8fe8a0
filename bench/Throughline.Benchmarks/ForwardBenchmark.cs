using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Throughline.Benchmarks.Logs;
using Throughline.Benchmarks.Metrics;

namespace Throughline.Benchmarks;

/// <summary>
/// A server that passes all on to another, both on this machine with the sender: how fast requests are acknowledged, how long after the last of them the target has everything, and what passing on costs the
/// first in CPU time. By signal, each with two servers of its own.
/// </summary>
internal static class ForwardBenchmark
{
    private const int Connections = 8;
    private static readonly TimeSpan SendLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromMinutes(15);

    /// <summary>Runs it: <c>--items N --protocol grpc|http --compression none|gzip --signals traces,logs,metrics</c>.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var items = (long)arguments.Number("--items", 500_000);
        foreach (var signal in arguments.Option("--signals", "traces,logs,metrics").Split(',')) await MeasureAsync(arguments, signal, items);
        return 0;
    }

    private static async Task MeasureAsync(Arguments arguments, string signal, long items)
    {
        var (first, second) = (Directory.CreateTempSubdirectory("throughline-forward-").FullName, Directory.CreateTempSubdirectory("throughline-forward-").FullName);
        try
        {
            var (program, protocol) = (ServerProcess.ProgramOf(arguments), arguments.Option("--protocol", "grpc"));
            await using var target = await ServerProcess.StartAsync(program, second, ["--retention", "0", $"--{(signal == "traces" ? "logs" : signal)}-retention", "0"]);
            await target.ReadyAsync();
            var address = (protocol == "grpc" ? target.OtlpGrpc : target.OtlpHttp).GetLeftPart(UriPartial.Authority);
            await using var server = await ServerProcess.StartAsync(program, first,
                ["--retention", "0", $"--{(signal == "traces" ? "logs" : signal)}-retention", "0", "--forward", address, "--forward-protocol", protocol, "--forward-compression", arguments.Option("--compression", "none"), "--forward-signals", signal]);
            await server.ReadyAsync();
            var requests = Requests(signal, items + (items / 5), out var made);
            // A fifth warms both up.
            var warm = requests.Count / 6;
            await SendAsync(server, signal, requests[..warm]);
            var before = await DeliveredAsync(server);
            var (cpu, since) = (server.Counters.CpuSeconds, Stopwatch.StartNew());
            await SendAsync(server, signal, requests[warm..]);
            var acknowledged = since.Elapsed;
            var counted = await DeliveredAsync(server) - before;
            var bytes = requests[warm..].Sum(static r => (long)r.Length);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{signal} over {protocol}: {counted:N0} items, {bytes / 1e6:0} MB, acknowledged in {acknowledged.TotalSeconds:0.0} s, all delivered {(since.Elapsed - acknowledged).TotalSeconds:0.0} s later: {counted / since.Elapsed.TotalSeconds:N0} items and {bytes / since.Elapsed.TotalSeconds / 1e6:0} MB a second, {counted / (server.Counters.CpuSeconds - cpu):N0} items a CPU-second of the first server ({made:N0} made)"));
        }
        finally
        {
            Directory.Delete(first, true);
            Directory.Delete(second, true);
        }
    }

    private static async Task SendAsync(ServerProcess server, string signal, List<byte[]> requests)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var index && index < requests.Count)
            {
                var since = Stopwatch.StartNew();
                while (true)
                {
                    using var content = new ByteArrayContent(requests[index]);
                    content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
                    using var answer = await server.Client.PostAsync(new Uri(server.OtlpHttp, $"/v1/{signal}"), content);
                    if (answer.IsSuccessStatusCode) break;
                    if ((int)answer.StatusCode is not (429 or 503)) throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
                    if (since.Elapsed > SendLimit) throw new TimeoutException($"The server has not taken a request for {SendLimit.TotalMinutes:0} minutes: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                    await Task.Delay(20);
                }
            }
        })));
    }

    /// <summary>Waits until nothing waits; answers how many items the target took so far. What was lost makes the figures worthless.</summary>
    private static async Task<long> DeliveredAsync(ServerProcess server)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            using var status = await server.StatusAsync();
            var forwarding = status.RootElement.GetProperty("forwarding");
            if (forwarding.GetProperty("lost").GetArrayLength() > 0) throw new InvalidOperationException(forwarding.GetRawText());
            if (forwarding.GetProperty("queued").GetProperty("items").GetString() == "0") return long.Parse(forwarding.GetProperty("delivered").GetProperty("items").GetString() ?? "", CultureInfo.InvariantCulture);
            if (since.Elapsed > DeliveryLimit) throw new TimeoutException($"Not all is delivered after {DeliveryLimit.TotalMinutes:0} minutes: {forwarding.GetRawText()}");
            await Task.Delay(10);
        }
    }

    private static List<byte[]> Requests(string signal, long items, out long made)
    {
        var requests = new List<byte[]>();
        made = 0;
        if (signal == "logs")
        {
            var some = new List<byte[]>();
            for (var workload = new LogWorkload(42); made < items; requests.AddRange(some)) made += workload.Next(100_000, some);
        }
        else if (signal == "metrics")
        {
            for (var workload = new MetricWorkload(42); made < items;) made += workload.Next(requests);
        }
        else
        {
            var path = Path.GetTempFileName();
            BuiltInRequests.Write(path, items, 42);
            var file = File.ReadAllBytes(path).AsSpan();
            File.Delete(path);
            for (; file.Length > 0; made += 512)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(file);
                requests.Add(file.Slice(sizeof(int), length).ToArray());
                file = file[(sizeof(int) + length)..];
            }
        }
        return requests;
    }
}
