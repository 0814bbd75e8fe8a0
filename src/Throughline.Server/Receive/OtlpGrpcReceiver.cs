using System.Buffers;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Throughline.Engine.Model;
using Throughline.Server.Configuration;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Receive;

/// <summary>
/// OTLP over gRPC (OTLP specification 1.x, "OTLP/gRPC"): <c>Export</c> of each signal's service, without generated classes: the message goes from gRPC's buffer into a
/// pooled one, and from there through the same decoder as over HTTP. Signals that are not stored are UNIMPLEMENTED, in words. One per server; thread safe.
/// </summary>
public sealed class OtlpGrpcReceiver(IReadOnlyList<IngestService> signals, BodyReader bodies, GrpcGuard guard, ReceiveLimits limits, IngestCounters counters)
{
    private static readonly Marshaller<PooledBuffer> Requests = new(static (_, _) => throw new NotSupportedException("A server reads requests."), Read);
    private static readonly Marshaller<byte[]> Replies = new(static (reply, context) => context.Complete(reply), static _ => throw new NotSupportedException("A server writes replies."));

    /// <summary>The services as gRPC hosts them.</summary>
    public IEnumerable<ServerServiceDefinition> Services => OtlpSignal.All.Select(signal =>
        Service(signal, signals.FirstOrDefault(s => s.Signal == signal) is { } ingest
            ? (request, context) => ExportAsync(ingest, request, context)
            : (request, context) => throw Unimplemented(signal, request, context)));

    private static ServerServiceDefinition Service(OtlpSignal signal, UnaryServerMethod<PooledBuffer, byte[]> export) =>
        ServerServiceDefinition.CreateBuilder()
            .AddMethod(new Method<PooledBuffer, byte[]>(MethodType.Unary, OtlpSignal.GrpcPackage + signal.Service, "Export", Requests, Replies), export)
            .Build();

    private static PooledBuffer Read(DeserializationContext context)
    {
        var payload = context.PayloadAsReadOnlySequence();
        var buffer = new PooledBuffer();
        buffer.Reserve(context.PayloadLength);
        foreach (var segment in payload) buffer.Write(segment.Span);
        return buffer;
    }

    private async Task<byte[]> ExportAsync(IngestService ingest, PooledBuffer request, ServerCallContext context)
    {
        using var received = request;
        var signal = ingest.Signal.Kind;
        var call = context.GetHttpContext().Features.GetRequiredFeature<GrpcCall>();
        call.MessageArrived();
        if (!call.Share.TryTake(received.Capacity)) throw guard.Overloaded(signal);
        using var expanded = new PooledBuffer();
        var outcome = await ingest.IngestAsync(await ExpandAsync(signal, received, expanded, call, context.CancellationToken), OtlpForm.Protobuf);
        return outcome.Status switch
        {
            IngestStatus.Stored => OtlpReply.Export(OtlpForm.Protobuf, ingest.Signal, outcome.Rejected, outcome.Message),
            IngestStatus.Malformed => throw Error(StatusCode.InvalidArgument, outcome.Message),
            IngestStatus.Overloaded => throw GrpcGuard.Retry(StatusCode.ResourceExhausted, outcome.Message, outcome.RetryAfter),
            _ => throw GrpcGuard.Retry(StatusCode.Unavailable, outcome.Message, outcome.RetryAfter),
        };
    }

    /// <summary>
    /// Inflates what <see cref="DeferredGzip"/> let through. A protobuf message cannot begin as gzip data does (1F would be a wire type that there isn't),
    /// so its first bytes say which it is, even where a call mixes both.
    /// </summary>
    private async ValueTask<ReadOnlyMemory<byte>> ExpandAsync(SignalKind signal, PooledBuffer received, PooledBuffer expanded, GrpcCall call, CancellationToken cancellationToken)
    {
        if (!received.Written.Span.StartsWith<byte>([0x1F, 0x8B])) return received.Written;
        var segment = received.Segment;
        using var compressed = new MemoryStream(segment.Array ?? [], segment.Offset, segment.Count, writable: false);
        var status = await bodies.ReadAsync(compressed, received.Length, ContentCoding.Gzip, expanded, call.Share, cancellationToken);
        return status switch
        {
            BodyStatus.Read => expanded.Written,
            BodyStatus.Overloaded => throw guard.Overloaded(signal),
            BodyStatus.Corrupt => throw Refuse(signal, StatusCode.InvalidArgument, RefusalReason.Malformed,
                $"The message is not gzip data, as its encoding says; it broke off after {expanded.Length} decompressed bytes."),
            _ => throw Refuse(signal, StatusCode.ResourceExhausted, RefusalReason.TooLarge,
                $"The message is larger than {limits.MaxExpandedBodyBytes} bytes after decompression (--max-expanded-body-bytes). Send smaller batches."),
        };
    }

    private RpcException Unimplemented(OtlpSignal signal, PooledBuffer request, ServerCallContext context)
    {
        request.Dispose();
        context.GetHttpContext().Features.GetRequiredFeature<GrpcCall>().MessageArrived();
        return Refuse(signal.Kind, StatusCode.Unimplemented, RefusalReason.UnsupportedSignal, signal.NotStored(signals.Select(static s => s.Signal)));
    }

    private RpcException Refuse(SignalKind signal, StatusCode code, RefusalReason reason, string message)
    {
        counters.CountRefused(signal, reason, message);
        return Error(code, message);
    }

    private static RpcException Error(StatusCode code, string message) => new(new Status(code, message));
}
