using System.Globalization;
using System.IO.Hashing;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Benchmarks;

/// <summary>
/// Spans per CPU-second of decoder, log, head and blocks in this process, four requests at a time. The CPU time is the whole process's, less what reading the
/// file takes.
/// </summary>
internal static class AppendBenchmark
{
    private const int AtOnce = 4;
    private const long WarmUpSpans = 500_000;
    private static readonly TimeSpan OverloadLimit = TimeSpan.FromMinutes(2);

    /// <summary>Measures each file on a new directory. With more <c>--head-spans</c> than the file has, no block is written: what blocks cost is the difference.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        foreach (var path in Workload.Files(arguments))
        {
            var data = Directory.CreateTempSubdirectory("throughline-append-").FullName;
            try
            {
                var options = new TraceStoreOptions { Directory = data, HeadMaxBytes = 1L << 36 };
                if (arguments.Option("--head-spans", "") is { Length: > 0 } spans) options = options with { HeadMaxSpans = int.Parse(spans, CultureInfo.InvariantCulture) };
                await using var store = await TraceStore.OpenAsync(options, new DiskFileSystem(), TimeProvider.System, default);
                await MeasureAsync(store, path);
            }
            finally
            {
                Directory.Delete(data, true);
            }
        }
        return 0;
    }

    private static async Task MeasureAsync(TraceStore store, string path)
    {
        using var file = new RequestFile(path);
        var (spans, seconds, warmUp) = (0L, 0.0, 0L);
        while (file.Next() is { Count: > 0 } requests)
        {
            var before = Environment.CpuUsage.TotalTime;
            var stored = await StoreAsync(store, requests);
            if (warmUp < WarmUpSpans)
            {
                warmUp += stored;
                continue;
            }
            spans += stored;
            seconds += (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        }
        if (spans == 0) throw new ArgumentException($"{path} has no more than the {WarmUpSpans} spans of warm-up.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFileName(path)}: after {warmUp:N0} spans of warm-up {spans:N0} spans, {spans / seconds:N0} spans per CPU-second, {seconds / spans * 1e6:0.00} us a span"));
    }

    private static async Task<long> StoreAsync(TraceStore store, List<byte[]> requests)
    {
        var (next, spans) = (-1, 0L);
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            var (decoder, batch) = (new OtlpTraceDecoder(), new SpanBatch());
            while (Interlocked.Increment(ref next) is var index && index < requests.Count)
            {
                var request = requests[index];
                batch.Clear();
                var decoded = decoder.Decode(request, batch);
                await UntilTakenAsync(() => store.AppendAsync(batch, request, XxHash128.HashToUInt128(request), true, default));
                Interlocked.Add(ref spans, decoded.Accepted);
            }
        })));
        return spans;
    }

    /// <summary>Appends until the store takes it.</summary>
    /// <exception cref="TimeoutException">It has been overloaded for too long.</exception>
    internal static async Task UntilTakenAsync(Func<ValueTask<AppendResult>> append)
    {
        var since = TimeProvider.System.GetTimestamp();
        AppendResult result;
        while ((result = await append()).Status == AppendStatus.Overloaded)
        {
            if (TimeProvider.System.GetElapsedTime(since) > OverloadLimit) throw new TimeoutException($"The store has taken nothing for {OverloadLimit.TotalMinutes:0} minutes: {result.Message}");
            await Task.Delay(20);
        }
        if (result.Status != AppendStatus.Durable) throw new InvalidOperationException($"{result.Status}: {result.Message}");
    }
}
