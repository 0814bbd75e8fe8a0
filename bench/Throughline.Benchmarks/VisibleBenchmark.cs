using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Throughline.Tests.Protos;

namespace Throughline.Benchmarks;

/// <summary>Milliseconds from the acknowledgement of a trace to the answer that has it, by its id and then by a search for one of its attributes; and answers that did not have it yet.</summary>
internal sealed record VisibleFigures(List<double> ById, List<double> BySearch, int Missed);

/// <summary>Time from the acknowledgement of a trace to the first answers that have it. Includes the queries themselves.</summary>
internal static class VisibleBenchmark
{
    private const int Samples = 300;
    private const int WarmUp = 100;

    /// <summary>Measures on a new server with an empty directory.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var (byId, bySearch, missed) = await MeasureAsync(arguments);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Samples} traces, from the acknowledgement to the answer that has the trace: by id p50 {Figures.Median(byId):0.0} ms, p99 {Figures.Percentile(byId, 0.99):0.0} ms; "
            + $"then by search p50 {Figures.Median(bySearch):0.0} ms, p99 {Figures.Percentile(bySearch, 0.99):0.0} ms; answers that did not have it yet: {missed}"));
        return 0;
    }

    /// <summary>The figures of 300 traces on a new server.</summary>
    public static async Task<VisibleFigures> MeasureAsync(Arguments arguments)
    {
        var data = Directory.CreateTempSubdirectory("throughline-visible-").FullName;
        var figures = new VisibleFigures([], [], 0);
        try
        {
            await using var server = await ServerProcess.StartAsync(arguments, data);
            await server.ReadyAsync();
            using var sender = new OtlpSender(server, false);
            var random = new Random(42);
            for (var i = 0; i < Samples + WarmUp; i++)
            {
                var id = new byte[16];
                random.NextBytes(id);
                var hex = Convert.ToHexStringLower(id);
                await sender.SendAsync(Request(id, hex));
                var watch = Stopwatch.StartNew();
                var missed = await MissedAsync(server.Client, $"/api/v1/traces/{hex}", hex);
                var found = watch.Elapsed.TotalMilliseconds;
                watch.Restart();
                missed += await MissedAsync(server.Client, $"/api/v1/search?q=sample.id%3D{hex}", $"\"traceId\":\"{hex}\"");
                figures = figures with { Missed = figures.Missed + missed };
                if (i < WarmUp) continue;
                figures.ById.Add(found);
                figures.BySearch.Add(watch.Elapsed.TotalMilliseconds);
            }
        }
        finally
        {
            Directory.Delete(data, true);
        }
        return figures;
    }

    /// <summary>Asks until the answer has the text; answers how many had not.</summary>
    private static async Task<int> MissedAsync(HttpClient client, string path, string text)
    {
        for (var missed = 0; missed < 10_000; missed++)
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
            if (answer.IsSuccessStatusCode && (await answer.Content.ReadAsStringAsync()).Contains(text, StringComparison.Ordinal)) return missed;
        }
        throw new InvalidOperationException($"{path} does not have a trace that was acknowledged, after 10,000 tries.");
    }

    private static byte[] Request(byte[] traceId, string hex)
    {
        var start = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        var span = new Span
        {
            TraceId = ByteString.CopyFrom(traceId), SpanId = ByteString.CopyFrom(traceId, 0, 8), Name = "sample", StartTimeUnixNano = start, EndTimeUnixNano = start + 1_000_000,
            Attributes = { new KeyValue { Key = "sample.id", Value = new AnyValue { StringValue = hex } } },
        };
        return new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { span } } } } } }.ToByteArray();
    }
}
