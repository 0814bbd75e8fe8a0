using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Throughline.Tests.Protos;

namespace Throughline.Benchmarks;

/// <summary>Time from the acknowledgement of a trace to the first answers that have it: by its id, and by a search for one of its attributes. Includes the queries themselves.</summary>
internal static class VisibleBenchmark
{
    private const int Samples = 300;
    private const int WarmUp = 100;

    /// <summary>Measures on a new server with an empty directory.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var data = Directory.CreateTempSubdirectory("throughline-visible-").FullName;
        var (byId, bySearch, missed) = (new List<double>(), new List<double>(), 0);
        try
        {
            await using var server = await ServerProcess.StartAsync(arguments, data);
            using var sender = new OtlpSender(server, false);
            await server.ReadyAsync();
            var client = server.Client;
            var random = new Random(42);
            for (var i = 0; i < Samples + WarmUp; i++)
            {
                var id = new byte[16];
                random.NextBytes(id);
                var hex = Convert.ToHexStringLower(id);
                await sender.SendAsync(Request(id, hex));
                var watch = Stopwatch.StartNew();
                while (!(await client.GetAsync(new Uri($"/api/v1/traces/{hex}", UriKind.Relative))).IsSuccessStatusCode) missed++;
                var found = watch.Elapsed.TotalMilliseconds;
                watch.Restart();
                while (!(await client.GetStringAsync(new Uri($"/api/v1/search?q=sample.id%3D{hex}", UriKind.Relative))).Contains($"\"traceId\":\"{hex}\"", StringComparison.Ordinal)) missed++;
                if (i < WarmUp) continue;
                byId.Add(found);
                bySearch.Add(watch.Elapsed.TotalMilliseconds);
            }
        }
        finally
        {
            Directory.Delete(data, true);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Samples} traces, from the acknowledgement to the answer that has the trace: by id p50 {Figures.Median(byId):0.0} ms, p99 {Figures.Percentile(byId, 0.99):0.0} ms; "
            + $"then by search p50 {Figures.Median(bySearch):0.0} ms, p99 {Figures.Percentile(bySearch, 0.99):0.0} ms; answers that did not have it yet: {missed}"));
        return 0;
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
