using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Logs;
using Throughline.Engine.Logs.Storage;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Benchmarks.Logs;

/// <summary>
/// Log lines per CPU-second of decoder, log, head, blocks and merging in this process; bytes a line when everything is merged and the log is empty; and what questions take.
/// </summary>
internal static class LogsBenchmark
{
    private const int AtOnce = 4;
    private const int Portion = 200_000;
    private const int WarmUpLines = 400_000;
    private const int Runs = 15;
    private const int WarmUpRuns = 20;

    /// <summary>Runs it: <c>--lines N --seed N</c>.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var lines = (long)arguments.Number("--lines", 2_000_000);
        if (lines <= WarmUpLines) throw new ArgumentException($"--lines needs more than the {WarmUpLines} lines of warm-up.");
        var data = Directory.CreateTempSubdirectory("throughline-logs-").FullName;
        try
        {
            using var directory = DataDirectory.Take(data, new DiskFileSystem());
            // The lines have a fixed date.
            var options = new SignalStoreOptions { MaxAge = TimeSpan.Zero };
            await using var store = await LogStore.OpenAsync(directory, options, new LogQueryOptions(), new DiskFileSystem(), TimeProvider.System, default);
            var workload = new LogWorkload((int)arguments.Number("--seed", 42));
            await IngestAsync(store, workload, lines);
            Print(store, data);
            foreach (var (name, ask) in Questions(store, workload)) await TimeAsync(name, ask);
            return 0;
        }
        finally
        {
            Directory.Delete(data, true);
        }
    }

    private static async Task IngestAsync(LogStore store, LogWorkload workload, long lines)
    {
        var requests = new List<byte[]>();
        var (made, counted, bytes, cpu, wall) = (0L, 0L, 0L, TimeSpan.Zero, TimeSpan.Zero);
        while (made < lines)
        {
            var some = workload.Next(Portion, requests);
            var (before, since) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            await StoreAsync(store, requests);
            made += some;
            if (made <= WarmUpLines) continue;
            counted += some;
            bytes += requests.Sum(r => (long)r.Length);
            cpu += Environment.CpuUsage.TotalTime - before;
            wall += Stopwatch.GetElapsedTime(since);
        }
        var settle = Environment.CpuUsage.TotalTime;
        await store.FlushAsync(default);
        await store.CompactAsync(default);
        cpu += Environment.CpuUsage.TotalTime - settle;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"ingest: {counted:N0} lines of {(double)bytes / counted:0} bytes as OTLP, {counted / cpu.TotalSeconds:N0} lines per CPU-second, {cpu.TotalMicroseconds / counted:0.00} us a line with blocks and merging, {counted / wall.TotalSeconds:N0} a second"));
    }

    private static async Task StoreAsync(LogStore store, List<byte[]> requests)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            using var decoder = new OtlpLogDecoder();
            var batch = new LogBatch();
            while (Interlocked.Increment(ref next) is var index && index < requests.Count)
            {
                var request = requests[index];
                batch.Clear();
                if (decoder.Decode(request, batch) is { Status: not DecodeStatus.Decoded } bad) throw new InvalidDataException(bad.Message);
                await AppendBenchmark.UntilTakenAsync(() => store.AppendAsync(batch, request, XxHash128.HashToUInt128(request), WalForm.Received));
            }
        })));
    }

    private static void Print(LogStore store, string data)
    {
        var statistics = store.GetStatistics();
        if (statistics.Problems.Count > 0) throw new InvalidDataException(string.Join("; ", statistics.Problems));
        var bytes = new DirectoryInfo(data).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"size: {statistics.Items:N0} lines in {statistics.Blocks} blocks, {bytes:N0} bytes with an empty log, {(double)bytes / statistics.Items:0.00} bytes a line"));
    }

    private static IEnumerable<(string Name, Func<int, Task<string>> Ask)> Questions(LogStore store, LogWorkload workload)
    {
        var samples = workload.Samples;
        (ulong High, ulong Low, ulong Span, ulong At) Sample(int run) => samples[(int)((long)run * 7919 % samples.Count)];
        async Task<string> Search(LogPlan plan)
        {
            var page = await store.SearchAsync(plan, default);
            return page.Truncated is { } truncated ? throw new InvalidOperationException(truncated.Message) : $"{page.Entries.Count} of {page.Total.Value}{(page.Total.IsExact ? "" : "+")}";
        }
        LogPlan Trace(int run) => new() { Trace = new TraceId(Sample(run).High, Sample(run).Low), Descending = false, Total = TotalWanted.Exact };
        yield return ("View Logs of a span: its trace, within a second around it", run => Search(Trace(run) with { FromUnixNano = Sample(run).At - 500_000_000, ToUnixNano = Sample(run).At + 3_000_000_000 }));
        yield return ("View Logs of a span: the span alone", run => Search(Trace(run) with { Span = new SpanId(Sample(run).Span) }));
        yield return ("View Logs of the whole trace, whenever", run => Search(Trace(run)));
        yield return ("a service within two seconds, newest 100", run => Search(new LogPlan { Services = ["yolo26"], FromUnixNano = Sample(run).At - 1_000_000_000, ToUnixNano = Sample(run).At + 1_000_000_000 }));
        yield return ("newest 100", _ => Search(new LogPlan()));
        yield return ("newest 100 errors", _ => Search(new LogPlan { MinimumSeverity = 17 }));
        yield return ("newest 100 with a text that many have", _ => Search(new LogPlan { Texts = ["deadline exceeded"] }));
        yield return ("a text that one line has, over all", run => Search(new LogPlan { Texts = [$"{Sample(run).Low:x16}"], Total = TotalWanted.Exact }));
        yield return ("a text that no line can have, over all", _ => Search(new LogPlan { Texts = ["quetzalcoatl"], Total = TotalWanted.Exact }));
        yield return ("an attribute's value, newest 100", _ => Search(new LogPlan { Attributes = [new LogCondition(AttributeScope.Any, "camera.name", AttributeOperator.Equal, new AttributeLiteral("garage_7", true))] }));
        yield return ("an attribute needle (one batch.id), over all", run => Search(new LogPlan { Total = TotalWanted.Exact, Attributes = [new LogCondition(AttributeScope.Any, "batch.id", AttributeOperator.Equal, new AttributeLiteral($"batch-{run:D6}-7", true))] }));
        yield return ("histogram of 120 steps by level, over all", async _ => (await store.GetHistogramAsync(new LogPlan(), 120, default)).Total.Value.ToString("N0", CultureInfo.InvariantCulture));
        yield return ("histogram of errors of a service, over all", async _ => (await store.GetHistogramAsync(new LogPlan { Services = ["yolo26"], MinimumSeverity = 17 }, 120, default)).Total.Value.ToString("N0", CultureInfo.InvariantCulture));
        yield return ("services", async _ => (await store.GetServicesAsync(null, null, default)).Services.Count.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task TimeAsync(string name, Func<int, Task<string>> ask)
    {
        // Cold code costs several times warm; what is decoded of one run's blocks serves few of the others.
        for (var run = 0; run < WarmUpRuns; run++) await ask(Runs + run);
        var (first, answer) = (0.0, "");
        var times = new List<double>();
        for (var run = 0; run < Runs; run++)
        {
            var since = Stopwatch.GetTimestamp();
            answer = await ask(run);
            var took = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
            if (run == 0) first = took;
            times.Add(took);
        }
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: median {times[times.Count / 2]:0.00} ms, longest {times[^1]:0.00} ms, the first {first:0.00} ms; {answer}"));
    }
}
