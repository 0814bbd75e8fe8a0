using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Model;
using Throughline.Tests.Protos;

namespace Throughline.Benchmarks;

/// <summary>Spans per CPU-second and bytes allocated a span of the decoder, beside Google.Protobuf's parser on the same requests in the same run.</summary>
internal static class DecodeBenchmark
{
    /// <summary>Warm-up ends by count: the JIT's last tier comes after so many calls, not after a time.</summary>
    private const long WarmUpSpans = 400_000;

    private delegate int Decoder(ReadOnlySpan<byte> request);

    /// <summary>Measures each file; <c>--oracle no</c> leaves Google.Protobuf out, <c>--json yes</c> adds the JSON form.</summary>
    public static int Run(Arguments arguments)
    {
        var withOracle = arguments.Option("--oracle", "yes") != "no";
        foreach (var path in Workload.Files(arguments))
        {
            var ours = Measure(path, Engine());
            Console.WriteLine($"{Path.GetFileName(path)}: {Describe("decoder", ours)}");
            if (arguments.Option("--json", "no") != "no") Console.WriteLine($"{Path.GetFileName(path)} as JSON: {Describe("transcoder and decoder", MeasureJson(path))}");
            if (!withOracle) continue;
            var oracle = Measure(path, Oracle);
            Console.WriteLine($"{Path.GetFileName(path)}: {Describe("Google.Protobuf", oracle)}; the decoder is {ours.PerSecond / oracle.PerSecond:0.0} times as fast");
        }
        return 0;
    }

    private static Decoder Engine()
    {
        var decoder = new OtlpTraceDecoder();
        var batch = new SpanBatch();
        return request =>
        {
            batch.Clear();
            var result = decoder.Decode(request, batch);
            return result.Status == DecodeStatus.Decoded ? result.Accepted : throw new InvalidDataException(result.Message);
        };
    }

    private static int Oracle(ReadOnlySpan<byte> request)
    {
        var spans = 0;
        foreach (var resource in ExportTraceServiceRequest.Parser.ParseFrom(request).ResourceSpans)
        {
            foreach (var scope in resource.ScopeSpans) spans += scope.Spans.Count;
        }
        return spans;
    }

    private static Tally Measure(string path, Decoder decode)
    {
        using (var warmUp = new RequestFile(path))
        {
            var spans = 0L;
            // A short file is read again and again.
            var portion = warmUp.Next(256L << 20);
            while (spans < WarmUpSpans) foreach (var request in portion) spans += decode(request);
        }
        var figures = new Tally();
        using var file = new RequestFile(path);
        while (file.Next() is { Count: > 0 } requests)
        {
            var (cpu, allocated) = (CpuClock.ThreadSeconds, GC.GetAllocatedBytesForCurrentThread());
            foreach (var request in requests) figures.Spans += decode(request);
            figures.Seconds += CpuClock.ThreadSeconds - cpu;
            figures.Allocated += GC.GetAllocatedBytesForCurrentThread() - allocated;
            foreach (var request in requests) figures.Bytes += request.Length;
        }
        return figures;
    }

    /// <summary>The file's first portion, rewritten in OTLP's JSON form.</summary>
    private static Tally MeasureJson(string path)
    {
        using var file = new RequestFile(path);
        var requests = file.Next().ConvertAll(ToJson);
        var decode = Json();
        var tally = new Tally();
        for (var spans = 0L; spans < WarmUpSpans;) foreach (var request in requests) spans += decode(request);
        var (cpu, allocated) = (CpuClock.ThreadSeconds, GC.GetAllocatedBytesForCurrentThread());
        foreach (var request in requests) tally.Spans += decode(request);
        (tally.Seconds, tally.Allocated) = (CpuClock.ThreadSeconds - cpu, GC.GetAllocatedBytesForCurrentThread() - allocated);
        tally.Bytes = requests.Sum(request => (long)request.Length);
        return tally;
    }

    private static byte[] ToJson(byte[] request)
    {
        var batch = new SpanBatch();
        new OtlpTraceDecoder().Decode(request, batch);
        var json = new ArrayBufferWriter<byte>();
        using (var output = new Utf8JsonWriter(json)) OtlpJsonWriter.Write(batch, output);
        return json.WrittenSpan.ToArray();
    }

    private static Decoder Json()
    {
        var decode = Engine();
        var protobuf = new ArrayBufferWriter<byte>();
        return json =>
        {
            protobuf.ResetWrittenCount();
            if (!OtlpJsonTranscoder.TryTranscode(json, protobuf, out var error)) throw new InvalidDataException(error);
            return decode(protobuf.WrittenSpan);
        };
    }

    private static string Describe(string name, Tally figures) => string.Create(CultureInfo.InvariantCulture,
        $"{name}: {figures.Spans:N0} spans, {figures.PerSecond:N0} spans per CPU-second, {figures.Bytes / figures.Seconds / 1e6:N0} MB/s, {(double)figures.Allocated / figures.Spans:0.0} bytes allocated a span");

    private sealed class Tally
    {
        public long Spans;
        public long Bytes;
        public long Allocated;
        public double Seconds;

        public double PerSecond => Spans / Seconds;
    }
}
