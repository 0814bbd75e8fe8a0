using System.IO.Hashing;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Server.Forward;
using Throughline.Server.Health;
using Throughline.Server.SelfTelemetry;
using Throughline.Server.Storage;

namespace Throughline.Server.Receive;

/// <summary>The two forms of an OTLP request.</summary>
public enum OtlpForm
{
    /// <summary>Binary protobuf.</summary>
    Protobuf,
    /// <summary>OTLP's JSON form.</summary>
    Json,
}

/// <summary>
/// What every receiver hands its requests to: decode, process, store, count. When it answers <see cref="IngestStatus.Stored"/> the spans are
/// durable and visible. One per server; thread safe.
/// </summary>
public sealed class IngestService(StoreGate gate, IngestCounters counters, bool redact, int maxNesting, ForwardGate forward, HealthWatch health)
{
    private readonly WorkerPool _workers = new(maxNesting);

    /// <summary>
    /// Takes one export request, uncompressed; <paramref name="body"/> is the caller's again when the task ends. There is nothing to cancel: what was
    /// begun is finished, so that the retry of a sender that went away is known as one.
    /// </summary>
    public async ValueTask<IngestOutcome> IngestAsync(ReadOnlyMemory<byte> body, OtlpForm form)
    {
        if (gate.Store is not { } store)
            return Refuse(RefusalReason.Unavailable, IngestStatus.Unavailable, "The store is not open: the server is starting or stopping. Try again.", IngestOutcome.StandardRetry);

        var worker = _workers.Take();
        try
        {
            return await IngestAsync(store, worker, body, form);
        }
        finally
        {
            _workers.Return(worker);
        }
    }

    private async ValueTask<IngestOutcome> IngestAsync(TraceStore store, WorkerPool.Worker worker, ReadOnlyMemory<byte> body, OtlpForm form)
    {
        var protobuf = body;
        if (form == OtlpForm.Json)
        {
            if (!OtlpJsonTranscoder.TryTranscode(body.Span, worker.Transcoded, out var error, maxNesting))
                return Refuse(RefusalReason.Malformed, IngestStatus.Malformed, error, default);
            protobuf = worker.Transcoded.Written;
        }

        var decoded = worker.Decoder.Decode(protobuf.Span, worker.Batch);
        if (decoded.Status == DecodeStatus.Malformed) return Refuse(RefusalReason.Malformed, IngestStatus.Malformed, decoded.Message, default);

        var isNew = true;
        var redacted = redact ? worker.Redactor.Redact(worker.Batch) : 0;
        if (worker.Batch.RowCount > 0)
        {
            // The log must not hold what was refused or redacted, so it gets the batch where that differs from the request.
            var altered = decoded.Altered || redacted > 0;
            if (altered)
            {
                OtlpTraceEncoder.EncodeProcessed(worker.Batch, worker.Encoded);
                protobuf = worker.Encoded.Written;
            }
            var appended = await store.AppendAsync(worker.Batch, protobuf, XxHash128.HashToUInt128(body.Span),
                payloadIsAsReceived: !altered && form == OtlpForm.Protobuf, CancellationToken.None);
            if (appended.Status is AppendStatus.Overloaded)
                return Refuse(RefusalReason.Overloaded, IngestStatus.Overloaded, appended.Message, appended.RetryAfter);
            if (appended.Status is AppendStatus.Failed)
            {
                health.StoreFailed(appended.Message);
                return Refuse(RefusalReason.Unavailable, IngestStatus.Unavailable, appended.Message, appended.RetryAfter);
            }
            health.StoreTook();
            isNew = appended.Status != AppendStatus.Duplicate;
            if (isNew && forward.Forwarder is { } forwarder) await forwarder.OfferAsync(worker.Batch, protobuf, altered);
        }
        // Counted only now: a request that is sent again because the store could not take it would count twice.
        if (isNew && decoded.RefusedSpans > 0) counters.CountRefused(RefusalReason.InvalidIds, decoded.Message, decoded.RefusedSpans);
        counters.CountReceived(isNew ? decoded.AcceptedSpans : 0, isNew ? redacted : 0);
        return new IngestOutcome(IngestStatus.Stored, decoded.RefusedSpans, MessageFor(decoded), default);
    }

    private static string MessageFor(DecodeResult decoded)
    {
        if (decoded.MendedTexts == 0) return decoded.Message;
        var mended = $"{decoded.MendedTexts} text(s) were not valid UTF-8 and were stored with replacement characters.";
        return decoded.Message.Length == 0 ? mended : $"{decoded.Message} {mended}";
    }

    private IngestOutcome Refuse(RefusalReason reason, IngestStatus status, string message, TimeSpan retryAfter)
    {
        counters.CountRefused(reason, message);
        return new IngestOutcome(status, 0, message, retryAfter);
    }
}
