using System.IO.Hashing;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Server.Health;
using Throughline.Server.SelfTelemetry;

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
/// What every receiver hands the requests of one signal to: decode, process, store, count. When it answers <see cref="IngestStatus.Stored"/> the items are
/// durable and visible. One per server and signal; thread safe.
/// </summary>
public sealed class IngestService(ISignalIntake intake, IngestCounters counters, HealthWatch health, int maxNesting)
{
    /// <summary>What a sender is told before the store is open and when it is not any more.</summary>
    internal const string ClosedMessage = "The store is not open: the server is starting or stopping. Try again.";

    /// <summary>Requests of more bytes than this take turns: decoded, each holds about twice its bytes.</summary>
    private const int LargeBytes = 1 << 20;

    private readonly WorkerPool _workers = new(intake);

    // No more than can be worked on at once; the others wait with nothing but their bytes. Nobody asks for its wait handle, so that there is nothing to dispose of.
    private readonly SemaphoreSlim _largeTurns = new(Environment.ProcessorCount);

    /// <summary>Whose requests these are.</summary>
    public OtlpSignal Signal { get; } = OtlpSignal.Of(intake.Kind);

    /// <summary>
    /// Takes one export request, uncompressed; <paramref name="body"/> is the caller's again when the task ends. There is nothing to cancel: what was
    /// begun is finished, so that the retry of a sender that went away is known as one.
    /// </summary>
    public async ValueTask<IngestOutcome> IngestAsync(ReadOnlyMemory<byte> body, OtlpForm form)
    {
        if (!intake.IsOpen) return Refuse(RefusalReason.Unavailable, IngestStatus.Unavailable, ClosedMessage, IngestOutcome.StandardRetry);

        if (body.Length <= LargeBytes) return await WorkAsync(body, form);
        await _largeTurns.WaitAsync();
        try
        {
            return await WorkAsync(body, form);
        }
        finally
        {
            _largeTurns.Release();
        }
    }

    private async ValueTask<IngestOutcome> WorkAsync(ReadOnlyMemory<byte> body, OtlpForm form)
    {
        var worker = _workers.Take();
        try
        {
            return await IngestAsync(worker, body, form);
        }
        finally
        {
            _workers.Return(worker);
        }
    }

    private async ValueTask<IngestOutcome> IngestAsync(WorkerPool.Worker worker, ReadOnlyMemory<byte> body, OtlpForm form)
    {
        var protobuf = body;
        if (form == OtlpForm.Json)
        {
            if (!OtlpJsonTranscoder.TryTranscode(body.Span, worker.Transcoded, out var error, maxNesting, intake.Kind))
                return Refuse(RefusalReason.Malformed, IngestStatus.Malformed, error, default);
            protobuf = worker.Transcoded.Written;
        }

        var signal = worker.Signal;
        var decoded = signal.Decode(protobuf.Span);
        if (decoded.Status == DecodeStatus.Malformed) return Refuse(RefusalReason.Malformed, IngestStatus.Malformed, decoded.Message, default);

        var (isNew, digest) = (true, XxHash128.HashToUInt128(body.Span));
        var processed = signal.Process();
        var altered = decoded.Altered || processed.IsAltered;
        if (signal.Count > 0)
        {
            // The log must not hold what was refused, dropped or redacted, so it gets the batch where that differs from the request.
            if (altered)
            {
                signal.EncodeProcessed(worker.Encoded);
                protobuf = worker.Encoded.Written;
            }
            var appended = await signal.AppendAsync(protobuf, digest, payloadIsAsReceived: !altered && form == OtlpForm.Protobuf);
            isNew = appended.Status == AppendStatus.Durable;
            if (!isNew) signal.GiveBack();
            if (appended.Status is AppendStatus.Overloaded)
                return Refuse(RefusalReason.Overloaded, IngestStatus.Overloaded, appended.Message, appended.RetryAfter);
            if (appended.Status is AppendStatus.Failed)
            {
                health.StoreFailed(intake.Kind, appended.Message);
                return Refuse(RefusalReason.Unavailable, IngestStatus.Unavailable, appended.Message, appended.RetryAfter);
            }
            health.StoreTook(intake.Kind);
        }
        // Counted only now: a request that is sent again because the store could not take it would count twice.
        await signal.TakenAsync(protobuf, altered, new TakenRequest(digest, isNew));
        if (isNew && decoded.Refused > 0) CountRefused(signal, decoded);
        counters.CountReceived(intake.Kind, isNew ? decoded.Accepted : 0, isNew ? processed.RedactedValues : 0);
        return new IngestOutcome(IngestStatus.Stored, decoded.Refused, MessageFor(decoded), default);
    }

    private void CountRefused(ISignalWorker worker, DecodeResult decoded)
    {
        var left = decoded.Refused;
        foreach (var (reason, message, count) in worker.RefusedApart)
        {
            counters.CountRefused(intake.Kind, reason, message, count);
            left -= count;
        }
        if (left > 0) counters.CountRefused(intake.Kind, Signal.RefusedAs, decoded.Message, left);
    }

    private static string MessageFor(DecodeResult decoded)
    {
        if (decoded.MendedTexts == 0) return decoded.Message;
        var mended = $"{decoded.MendedTexts} text(s) were not valid UTF-8 and were stored with replacement characters.";
        return decoded.Message.Length == 0 ? mended : $"{decoded.Message} {mended}";
    }

    private IngestOutcome Refuse(RefusalReason reason, IngestStatus status, string message, TimeSpan retryAfter)
    {
        counters.CountRefused(intake.Kind, reason, message);
        return new IngestOutcome(status, 0, message, retryAfter);
    }
}
