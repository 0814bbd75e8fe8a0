using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;

namespace Throughline.Benchmarks;

/// <summary>
/// Milliseconds of queries over HTTP against a server on the directory that <c>--data</c> names: median and worst of nine warm runs, one at a time, the answer read whole.
/// The values asked for come from the middle of the request file that was stored there.
/// </summary>
internal static class QueryBenchmark
{
    private const int Runs = 9;

    /// <summary>Measures every query that the server has by now.</summary>
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var sample = Sample.From(Workload.Files(arguments)[0]);
        await using var server = await ServerProcess.StartAsync(arguments, arguments.Option("--data", ""));
        using var client = new HttpClient { BaseAddress = server.Http };
        while (!(await client.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode) await Task.Delay(5);
        using var status = JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/v1/status", UriKind.Relative)));
        var store = status.RootElement.GetProperty("store");
        var latest = ulong.Parse(store.GetProperty("latestStartUnixNano").GetString() ?? throw new InvalidDataException("The store is empty."), CultureInfo.InvariantCulture);
        Console.WriteLine($"{store.GetProperty("spans")} spans in {store.GetProperty("blocks")} blocks and {store.GetProperty("headSpans")} in the head");
        var hour = $"from={latest - 3_600_000_000_000}&to={latest + 1}";
        await MeasureAsync(client, "trace by id, all columns", $"/api/v1/traces/{sample.TraceId}");
        await MeasureAsync(client, "newest 20 of a service and operation, last hour", $"/api/v1/search?service={sample.Service}&operation={Uri.EscapeDataString(sample.Operation)}&{hour}&limit=20");
        await MeasureAsync(client, "camera.name = value and span duration >= 100 ms, top 20 by duration", $"/api/v1/search?q={Query($"camera.name={sample.Camera} span.duration>=100ms")}&order=duration&limit=20");
        await MeasureAsync(client, "attribute needle (one batch.id)", $"/api/v1/search?q={Query($"batch.id={sample.BatchId}")}&limit=20");
        await MeasureAsync(client, "errors of a service, newest 100", $"/api/v1/search?service={sample.Service}&status=error&limit=100");
        await MeasureAsync(client, "substring of url.full, newest 20", $"/api/v1/search?q={Query("url.full~range=7h")}&limit=20");
        await MeasureAsync(client, "services", "/api/v1/services");
        await MeasureAsync(client, "operations of a service", $"/api/v1/operations?service={sample.Service}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"peak memory of the server {server.PeakBytes / 1e6:0} MB"));
        return 0;
    }

    private static string Query(string text) => Uri.EscapeDataString(text);

    private static async Task MeasureAsync(HttpClient client, string name, string address)
    {
        var uri = new Uri(address, UriKind.Relative);
        var cold = Stopwatch.StartNew();
        var answer = await client.GetStringAsync(uri);
        var first = cold.Elapsed.TotalMilliseconds;
        for (var i = 0; i < 3; i++) await client.GetStringAsync(uri);
        var times = new List<double>();
        for (var i = 0; i < Runs; i++)
        {
            var watch = Stopwatch.StartNew();
            await client.GetStringAsync(uri);
            times.Add(watch.Elapsed.TotalMilliseconds);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: median {Figures.Median(times):0.0} ms, worst {times.Max():0.0} ms, first {first:0.0} ms; {Found(answer)}"));
    }

    private static string Found(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        if (!json.RootElement.TryGetProperty("total", out var total)) return $"{answer.Length} characters";
        var truncated = json.RootElement.GetProperty("truncated");
        return $"{json.RootElement.GetProperty("traces").GetArrayLength()} of {total.GetProperty("value")} traces ({total.GetProperty("relation").GetString()})"
            + (truncated.ValueKind == JsonValueKind.Null ? "" : $", truncated: {truncated.GetProperty("reason").GetString()}");
    }

    private sealed record Sample(string TraceId, string Service, string Operation, string Camera, string BatchId)
    {
        public static Sample From(string path)
        {
            using var file = new RequestFile(path);
            // The first portion is far enough from the start of the data to have every kind of span.
            var requests = file.Next();
            var (decoder, batch) = (new OtlpTraceDecoder(), new SpanBatch());
            Sample? sample = null;
            var (camera, batchId) = ("", "");
            foreach (var request in requests.Skip(requests.Count / 2))
            {
                batch.Clear();
                decoder.Decode(request, batch);
                for (var row = 0; row < batch.RowCount; row++)
                {
                    if (Value(batch, row, "camera.name"u8) is { } name) camera = name;
                    if (Value(batch, row, "batch.id"u8) is { } id) batchId = id;
                    if (sample is null && camera.Length > 0 && batch.ParentSpanId[row] != 0)
                        sample = new Sample(batch.TraceId[row].ToString(), Text(batch, batch.Resources.Service[batch.Resource[row]]), Text(batch, batch.Name[row]), "", "");
                    if (sample is not null && batchId.Length > 0) return sample with { Camera = camera, BatchId = batchId };
                }
            }
            throw new InvalidDataException($"{path} has no camera.name and batch.id: the queries are made for the workload tool's files.");
        }

        private static string? Value(SpanBatch batch, int row, ReadOnlySpan<byte> key)
        {
            var id = batch.Strings.Find(key);
            for (var i = batch.AttributeOffset[row]; i < batch.AttributeOffset[row + 1]; i++)
            {
                if (batch.Attributes.Key[i] == id && batch.Attributes.Type[i] == (byte)AttributeType.String) return Text(batch, (int)batch.Attributes.Value[i]);
            }
            return null;
        }

        private static string Text(SpanBatch batch, int id) => Encoding.UTF8.GetString(batch.Strings[id]);
    }
}
