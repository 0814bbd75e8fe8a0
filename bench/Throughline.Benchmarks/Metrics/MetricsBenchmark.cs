using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Metrics;
using Throughline.Engine.Signals;

namespace Throughline.Benchmarks.Metrics;

/// <summary>
/// Points of metrics per CPU-second of decoder, log, head, blocks and merging in this process; bytes a point when everything is merged and the log is empty; and what the questions of the lanes below a trace take.
/// </summary>
internal static class MetricsBenchmark
{
    private const int AtOnce = 4;
    private const int RoundsAtOnce = 40;
    private const long WarmUpPoints = 400_000;
    private const int Runs = 31;
    private const int WarmUpRuns = 30;

    /// <summary>Runs it: <c>--points N --seed N</c>.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var points = (long)arguments.Number("--points", 5_000_000);
        if (points <= WarmUpPoints) throw new ArgumentException($"--points needs more than the {WarmUpPoints} points of warm-up.");
        var data = Directory.CreateTempSubdirectory("throughline-metrics-").FullName;
        try
        {
            using var directory = DataDirectory.Take(data, new DiskFileSystem());
            // As the server opens it, but for the age: the points have a fixed date.
            var options = new SignalStoreOptions { MaxAge = TimeSpan.Zero, HeadMaxBytes = 16L << 20, BlockCacheBytes = 16L << 20 };
            await using var store = await MetricStore.OpenAsync(directory, options, new MetricQueryOptions(), 100_000, new DiskFileSystem(), TimeProvider.System, default);
            var workload = new MetricWorkload((int)arguments.Number("--seed", 42));
            await IngestAsync(store, workload, points);
            Print(store, data);
            foreach (var (name, ask) in Questions(store, workload)) await TimeAsync(name, ask);
            return 0;
        }
        finally
        {
            Directory.Delete(data, true);
        }
    }

    private static async Task IngestAsync(MetricStore store, MetricWorkload workload, long points)
    {
        var (made, counted, bytes, cpu, wall) = (0L, 0L, 0L, TimeSpan.Zero, TimeSpan.Zero);
        while (made < points)
        {
            var (requests, some) = (new List<byte[]>(), 0);
            for (var round = 0; round < RoundsAtOnce; round++) some += workload.Next(requests);
            var (before, since) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            await StoreAsync(store, requests);
            made += some;
            if (made <= WarmUpPoints) continue;
            counted += some;
            bytes += requests.Sum(static r => (long)r.Length);
            cpu += Environment.CpuUsage.TotalTime - before;
            wall += Stopwatch.GetElapsedTime(since);
        }
        var settle = Environment.CpuUsage.TotalTime;
        await store.FlushAsync(default);
        await store.CompactAsync(default);
        cpu += Environment.CpuUsage.TotalTime - settle;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"ingest: {counted:N0} points of {store.LiveSeries:N0} series, {(double)bytes / counted:0} bytes each as OTLP, {counted / cpu.TotalSeconds:N0} points per CPU-second, {cpu.TotalMicroseconds / counted:0.00} us a point with blocks and merging, {counted / wall.TotalSeconds:N0} a second"));
    }

    private static async Task StoreAsync(MetricStore store, List<byte[]> requests)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            var (decoder, batch, payload) = (new OtlpMetricDecoder(), new MetricBatch(), new ArrayBufferWriter<byte>());
            while (Interlocked.Increment(ref next) is var index && index < requests.Count)
            {
                var request = requests[index];
                batch.Clear();
                if (decoder.Decode(request, batch) is { } decoded && (decoded.Status != DecodeStatus.Decoded || decoded.Refused > 0)) throw new InvalidDataException(decoded.Message);
                if (store.ApplyLimit(batch) > 0) throw new InvalidOperationException("There are too many series.");
                payload.ResetWrittenCount();
                MetricStore.Encode(batch, payload);
                await AppendBenchmark.UntilTakenAsync(() => store.AppendAsync(batch, payload.WrittenMemory, XxHash128.HashToUInt128(request)));
            }
        })));
    }

    private static void Print(MetricStore store, string data)
    {
        var statistics = store.GetStatistics();
        if (statistics.Problems.Count > 0) throw new InvalidDataException(string.Join("; ", statistics.Problems));
        var bytes = new DirectoryInfo(data).EnumerateFiles("*", SearchOption.AllDirectories).Sum(static f => f.Length);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"size: {statistics.Items:N0} points in {statistics.Blocks} blocks, {bytes:N0} bytes with an empty log, {(double)bytes / statistics.Items:0.00} bytes a point"));
    }

    private static IEnumerable<(string Name, Func<int, Task<string>> Ask)> Questions(MetricStore store, MetricWorkload workload)
    {
        const ulong around = 75_000_000_000, minute = 60_000_000_000;
        var length = workload.End - MetricWorkload.Start;
        string[] lanes = ["hw.gpu.utilization", "hw.gpu.memory.usage", "process.cpu.time", "pipeline.queue.depth"];
        string[] Services(int run, int many) => [.. Enumerable.Range(run, many).Select(static s => MetricWorkload.ServiceName(s % MetricWorkload.Services))];
        // A trace of two seconds somewhere in the time that is stored.
        (ulong From, ulong To) Trace(int run) => MetricWorkload.Start + (length / 10) + (ulong)((UInt128)length * (ulong)(run * 7919 % 800) / 1000) is var at ? (at - around, at + 2_000_000_000 + around) : default;
        async Task<string> Range(MetricRangeQuery query)
        {
            var range = await store.RangeAsync(query, default);
            return range.Truncated is { } truncated ? throw new InvalidOperationException(truncated) : $"{range.Series.Count} series, {range.Series.Sum(static s => s.Values.Length):N0} values";
        }
        yield return ("lanes of a trace: which metrics 4 services have", async run => (await store.ListAsync(Services(run, 4), Trace(run).From, Trace(run).To, default)).Metrics.Count.ToString(CultureInfo.InvariantCulture));
        yield return ("lanes of a trace: the points of 4 services", run => Range(new MetricRangeQuery { Names = lanes, Services = Services(run, 4), FromUnixNano = Trace(run).From, ToUnixNano = Trace(run).To }));
        yield return ("rate of a service's requests, an hour by the minute", run => Range(new MetricRangeQuery { Names = ["http.server.request.count"], Services = Services(run, 1), FromUnixNano = workload.End - (60 * minute), ToUnixNano = workload.End, StepNano = minute }));
        yield return ("p95 of a service's durations, an hour by the minute", run => Range(new MetricRangeQuery
        {
            Names = ["http.server.request.duration"], Services = Services(run, 1), FromUnixNano = workload.End - (60 * minute), ToUnixNano = workload.End, StepNano = minute, Aggregation = MetricAggregation.Quantile, Quantile = 0.95,
        }));
        yield return ("CPU of all services, over all, in 200 steps", _ => Range(new MetricRangeQuery { Names = ["process.cpu.time"], FromUnixNano = MetricWorkload.Start, ToUnixNano = workload.End, StepNano = (length / 200) + 1 }));
        yield return ("which metrics there are, over all", async _ => (await store.ListAsync([], 0, ulong.MaxValue, default)).Metrics.Count.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task TimeAsync(string name, Func<int, Task<string>> ask)
    {
        // Cold code costs several times warm; what is decoded of one run's blocks serves few of the others.
        for (var run = 0; run < WarmUpRuns; run++) await ask(Runs + run);
        var (times, answer) = (new List<double>(), "");
        for (var run = 0; run < Runs; run++)
        {
            var since = Stopwatch.GetTimestamp();
            answer = await ask(run);
            times.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
        }
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: median {times[times.Count / 2]:0.00} ms, longest {times[^1]:0.00} ms; {answer}"));
    }
}
