using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Throughline.Tests.Protos.Pprof;
using PprofType = Throughline.Tests.Protos.Pprof.ValueType;

namespace Throughline.Benchmarks;

/// <summary>
/// An hour of profile windows of some services, one after the other without a gap, in a server of its own: what taking them costs, what they take on disk, and how long the questions of the Profiling screen take.
/// </summary>
internal static class ProfilesBenchmark
{
    private const ulong Start = 1_795_219_200_000_000_000;
    private const int WindowSeconds = 10;
    private const int Functions = 3000;

    /// <summary>Measures with <c>--services N --samples N --runs N</c>.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var (services, samples, runs) = ((int)arguments.Number("--services", 4), (int)arguments.Number("--samples", 2000), (int)arguments.Number("--runs", 30));
        var data = Directory.CreateTempSubdirectory("throughline-profiles-").FullName;
        try
        {
            await using var server = await ServerProcess.StartAsync(arguments, data);
            await server.ReadyAsync();
            var random = new Random(42);
            var stacks = Enumerable.Range(0, services).Select(_ => Stacks(random)).ToArray();
            var (windows, bytes, cpu) = (3600 / WindowSeconds, 0L, server.Counters.CpuSeconds);
            for (var window = 0; window < windows; window++)
            {
                for (var service = 0; service < services; service++)
                {
                    var body = Profile(random, stacks[service], samples).ToByteArray();
                    bytes += body.Length;
                    var from = Start + (ulong)window * WindowSeconds * 1_000_000_000;
                    using var content = new ByteArrayContent(body);
                    using var answer = await server.Client.PostAsync(new Uri(server.OtlpHttp, $"/api/v1/profiles?service=service-{service}&from={from}&until={from + WindowSeconds * 1_000_000_000UL}"), content);
                    answer.EnsureSuccessStatusCode();
                }
            }
            cpu = server.Counters.CpuSeconds - cpu;
            var taken = (double)windows * services;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{windows * services} windows of {samples} samples in 3 types, {bytes / taken / 1000:0} kB of pprof each: {taken / cpu:0} windows a CPU-second"));
            await AskAsync(server, runs, "in heads and blocks as they came");
            using (var none = new StringContent("", null, "application/json"))
            using (var compacted = await server.Client.PostAsync(new Uri("/api/v1/compact", UriKind.Relative), none)) compacted.EnsureSuccessStatusCode();
            var stored = new DirectoryInfo(Path.Combine(data, "0", "profiles", "blocks")).EnumerateFiles().Sum(static file => file.Length);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"on disk, everything in blocks: {stored / taken / 1000:0.0} kB a window, {stored / (taken * samples * 3):0.00} bytes a sample"));
            await AskAsync(server, runs, "in blocks");
        }
        finally
        {
            Directory.Delete(data, true);
        }
        return 0;
    }

    private static async Task AskAsync(ServerProcess server, int runs, string where)
    {
        var hour = $"service=service-1&type=cpu&from={Start}&to={Start + 3_600_000_000_000}";
        var half = $"service=service-1&type=cpu&from={Start + 1_800_000_000_000}&to={Start + 3_600_000_000_000}&baseFrom={Start}&baseTo={Start + 1_800_000_000_000}";
        foreach (var (name, path) in new[]
        {
            ("services and types", $"services?from={Start}&to={Start + 3_600_000_000_000}"), ("flame graph of an hour", $"flame?{hour}"), ("two half hours compared", $"flame?{half}"),
            ("functions of an hour", $"functions?{hour}"), ("flame graph of a trace", $"flame?service=service-1&type=cpu&trace={Trace(5)}"), ("traces of a frame", $"traces?{hour}&function={Name(0)}"),
        })
        {
            var (times, first, length) = (new List<double>(), 0.0, 0);
            for (var run = 0; run < runs + 1; run++)
            {
                var watch = Stopwatch.StartNew();
                var answer = await server.Client.GetByteArrayAsync(new Uri($"/api/v1/profiles/{path}", UriKind.Relative));
                if (run == 0) (first, length) = (watch.Elapsed.TotalMilliseconds, answer.Length);
                else times.Add(watch.Elapsed.TotalMilliseconds);
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name}, {where}: first {first:0} ms, then p50 {Figures.Median(times):0.0} ms, p99 {Figures.Percentile(times, 0.99):0.0} ms, {length / 1000} kB"));
        }
    }

    private static string Trace(int number) => (1_000_000 + number).ToString("x32", CultureInfo.InvariantCulture);

    private static string Name(int function) => $"Company.Product.Area{function % 40}.Type{function % 300}.MethodNumber{function}";

    /// <summary>Stacks of a program: a tree in which few ways are common, 20 to 60 frames deep.</summary>
    private static int[][] Stacks(Random random) => [.. Enumerable.Range(0, 6000).Select(i =>
    {
        var ways = new Random(i % 50);
        var depth = 20 + random.Next(41);
        return Enumerable.Range(0, depth).Select(level => level < 15 ? (level * 17 + ways.Next(4)) % Functions : random.Next(Functions)).ToArray();
    })];

    private static Profile Profile(Random random, int[][] stacks, int samples)
    {
        var profile = new Profile { StringTable = { "", "samples", "count", "cpu", "nanoseconds", "wall", "trace_id", "span_id" } };
        profile.SampleType.Add([new PprofType { Type = 1, Unit = 2 }, new PprofType { Type = 3, Unit = 4 }, new PprofType { Type = 5, Unit = 4 }]);
        var locations = new Dictionary<int, ulong>();
        long Text(string text)
        {
            profile.StringTable.Add(text);
            return profile.StringTable.Count - 1;
        }
        var traces = Enumerable.Range(0, 20).Select(_ => (Trace: Text(Trace(random.Next(10_000))), Span: Text(random.NextInt64(1, long.MaxValue).ToString("x16", CultureInfo.InvariantCulture)))).ToArray();
        for (var i = 0; i < samples; i++)
        {
            var sample = new Sample();
            foreach (var function in stacks[(int)(stacks.Length * Math.Pow(random.NextDouble(), 3))])
            {
                if (!locations.TryGetValue(function, out var id))
                {
                    locations.Add(function, id = (ulong)locations.Count + 1);
                    profile.Function.Add(new Function { Id = id, Name = Text(Name(function)), Filename = 1 });
                    profile.Location.Add(new Location { Id = id, Line = { new Line { FunctionId = id, Line_ = function % 900 } } });
                }
                sample.LocationId.Insert(0, id);
            }
            var count = random.Next(1, 20);
            sample.Value.Add([count, count * 900_000L, count * 1_000_000L]);
            if (random.Next(2) == 0)
            {
                var (trace, span) = traces[random.Next(traces.Length)];
                sample.Label.Add([new Label { Key = 6, Str = trace }, new Label { Key = 7, Str = span }]);
            }
            profile.Sample.Add(sample);
        }
        return profile;
    }
}
