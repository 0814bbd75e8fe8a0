using System.Buffers.Binary;
using Google.Protobuf;
using Throughline.Tests.Protos;

namespace Throughline.Benchmarks;

/// <summary>Requests of 512 plain spans each, the same for the same seed; for machines that have no workload tool.</summary>
internal static class BuiltInRequests
{
    /// <summary>Writes a file of requests.</summary>
    public static void Write(string path, long spans, int seed)
    {
        var random = new Random(seed);
        using var file = File.Create(path);
        Span<byte> length = stackalloc byte[4];
        for (var written = 0L; written < spans; written += 512)
        {
            var request = Request(random).ToByteArray();
            BinaryPrimitives.WriteInt32LittleEndian(length, request.Length);
            file.Write(length);
            file.Write(request);
        }
    }

    private static ExportTraceServiceRequest Request(Random random)
    {
        var scope = new ScopeSpans { Scope = new InstrumentationScope { Name = "built-in" } };
        for (var i = 0; i < 512; i++) scope.Spans.Add(Span(random));
        var resource = new Resource { Attributes = { Text("service.name", $"service-{random.Next(20)}"), Text("host.name", $"host-{random.Next(50)}") } };
        return new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { Resource = resource, ScopeSpans = { scope } } } };
    }

    private static Span Span(Random random)
    {
        var start = 1_795_219_200_000_000_000 + (ulong)random.NextInt64(86_400_000_000_000);
        var span = new Span
        {
            TraceId = Id(random, 16), SpanId = Id(random, 8), ParentSpanId = Id(random, 8), Name = $"operation {random.Next(300)}", Kind = (Span.Types.SpanKind)random.Next(1, 6),
            StartTimeUnixNano = start, EndTimeUnixNano = start + (ulong)random.NextInt64(1_000_000_000),
        };
        for (var i = 0; i < 8; i++) span.Attributes.Add(Text($"attribute.number.{random.Next(60)}", $"value {random.Next(1000)}"));
        for (var i = 0; i < 6; i++) span.Attributes.Add(new KeyValue { Key = $"attribute.count.{random.Next(30)}", Value = new AnyValue { IntValue = random.Next(100_000) } });
        return span;
    }

    private static KeyValue Text(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static ByteString Id(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }
}
