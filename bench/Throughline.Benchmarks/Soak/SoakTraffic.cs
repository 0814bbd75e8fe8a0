using System.Buffers.Binary;
using Google.Protobuf;
using Throughline.Tests.Protos;

namespace Throughline.Benchmarks;

/// <summary>
/// The traces of a soak, made from a seed and their number, so that any of them can be made again when it is checked: nothing has to be kept. A batch is a number of
/// traces; their spans are of three services, and each service sends its own request. Immutable; any thread.
/// </summary>
internal sealed class SoakTraffic(int seed)
{
    /// <summary>Traces of a batch.</summary>
    public const int TracesPerBatch = 32;

    /// <summary>Requests of a batch: one of each service.</summary>
    public const int Services = 3;

    private const int FewestSpans = 4;
    private const int MostSpans = 28;
    private static readonly string[] ServiceNames = ["soak-gateway", "soak-backend", "soak-worker"];

    /// <summary>The name of a service, 0 to 2.</summary>
    public static string ServiceName(int service) => ServiceNames[service];

    /// <summary>Spans of a batch.</summary>
    public int SpansOf(long batch)
    {
        var spans = 0;
        for (var trace = 0; trace < TracesPerBatch; trace++) spans += SpansOfTrace(batch * TracesPerBatch + trace);
        return spans;
    }

    /// <summary>Spans of a trace.</summary>
    public int SpansOfTrace(long trace) => FewestSpans + (int)(Mixed(trace, 1) % (MostSpans - FewestSpans + 1));

    /// <summary>Spans of a trace that a service sends.</summary>
    public int SpansOfTrace(long trace, int service)
    {
        var count = 0;
        for (var span = 0; span < SpansOfTrace(trace); span++) count += ServiceOf(span) == service ? 1 : 0;
        return count;
    }

    /// <summary>The id of a trace, as 32 hex digits.</summary>
    public string TraceId(long trace) => Convert.ToHexStringLower(TraceIdBytes(trace));

    /// <summary>The ids of a trace's spans, as 16 hex digits.</summary>
    public IEnumerable<string> SpanIds(long trace) => Enumerable.Range(0, SpansOfTrace(trace)).Select(span => Convert.ToHexStringLower(SpanIdBytes(trace, span)));

    /// <summary>A service's request of a batch, its traces ending at about the time that is given.</summary>
    public byte[] Request(long batch, int service, ulong endUnixNano)
    {
        var scope = new ScopeSpans { Scope = new InstrumentationScope { Name = "soak", Version = "1.0" } };
        for (var trace = batch * TracesPerBatch; trace < (batch + 1) * TracesPerBatch; trace++)
        {
            for (var span = 0; span < SpansOfTrace(trace); span++)
            {
                if (ServiceOf(span) == service) scope.Spans.Add(MakeSpan(batch, trace, span, endUnixNano));
            }
        }
        var resource = new Resource { Attributes = { Text("service.name", ServiceNames[service]), Text("host.name", $"{ServiceNames[service]}-{seed % 7}") } };
        return new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { Resource = resource, ScopeSpans = { scope } } } }.ToByteArray();
    }

    private Span MakeSpan(long batch, long trace, int index, ulong endUnixNano)
    {
        var random = Mixed(trace, 100 + index);
        var length = 1_000_000 + random % 200_000_000;
        var span = new Span
        {
            TraceId = ByteString.CopyFrom(TraceIdBytes(trace)), SpanId = ByteString.CopyFrom(SpanIdBytes(trace, index)), Name = $"step {random % 40}",
            Kind = index == 0 ? Span.Types.SpanKind.Server : Span.Types.SpanKind.Internal, StartTimeUnixNano = endUnixNano - length, EndTimeUnixNano = endUnixNano,
            Attributes =
            {
                new KeyValue { Key = "soak.batch", Value = new AnyValue { IntValue = batch } }, Text("soak.trace", TraceId(trace)), Text("http.route", $"/api/v1/items/{random % 50}"),
                new KeyValue { Key = "http.response.status_code", Value = new AnyValue { IntValue = random % 100 == 0 ? 500 : 200 } },
                new KeyValue { Key = "score", Value = new AnyValue { DoubleValue = random % 1000 / 1000.0 } }, Text("camera.name", $"camera {random % 24}"),
            },
        };
        if (index > 0) span.ParentSpanId = ByteString.CopyFrom(SpanIdBytes(trace, (index - 1) / 2));
        if (random % 100 == 0) span.Status = new Status { Code = Status.Types.StatusCode.Error, Message = "soaked" };
        return span;
    }

    private static int ServiceOf(int span) => span % Services;

    private byte[] TraceIdBytes(long trace)
    {
        var id = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(id, Mixed(trace, 2));
        BinaryPrimitives.WriteUInt64BigEndian(id.AsSpan(8), Mixed(trace, 3) | 1);
        return id;
    }

    private byte[] SpanIdBytes(long trace, int span)
    {
        var id = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(id, Mixed(trace, 1000 + span) | 1);
        return id;
    }

    private static KeyValue Text(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    /// <summary>Numbers that look random, the same for the same seed, trace and purpose (the finaliser of SplitMix64).</summary>
    private ulong Mixed(long trace, int purpose)
    {
        var value = (ulong)trace * 0x9E37_79B9_7F4A_7C15 + (ulong)purpose * 0xD1B5_4A32_D192_ED03 + (ulong)seed * 0x8CB9_2BA7_2F3D_8DD7;
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
