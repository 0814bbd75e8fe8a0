using System.Buffers;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Model;
using Throughline.Server.Forward;
using Throughline.Server.Process;
using Throughline.Server.SelfTelemetry;
using Throughline.Server.Storage;

namespace Throughline.Server.Receive;

/// <summary>The way of spans into the trace store. Thread safe.</summary>
public sealed class SpanIntake(StoreGate gate, int maxNesting, ProcessSettings process, ForwardGate forward, RedCounters red) : ISignalIntake
{
    /// <inheritdoc/>
    public SignalKind Kind => SignalKind.Traces;

    /// <inheritdoc/>
    public bool IsOpen => gate.Store is not null;

    /// <inheritdoc/>
    public ISignalWorker NewWorker() => new Worker(gate, maxNesting, process, forward, red);

    private sealed class Worker(StoreGate gate, int maxNesting, ProcessSettings process, ForwardGate forward, RedCounters red) : ISignalWorker
    {
        private readonly OtlpTraceDecoder _decoder = new(maxNesting);
        private readonly SpanBatch _batch = new();
        private readonly SpanProcessor _processor = new();
        private SpanBatch _kept = new();
        private uint _policyVersion;

        public long MemoryBytes => _batch.MemoryBytes;

        public int Count => _kept.RowCount;

        public DecodeResult Decode(ReadOnlySpan<byte> request) => _decoder.Decode(request, _batch);

        public ProcessResult Process()
        {
            var policy = process.Current;
            _policyVersion = policy.Version;
            _kept = _processor.Apply(policy, _batch);
            return new ProcessResult(_processor.IsAltered, _processor.RedactedValues);
        }

        public void EncodeProcessed(IBufferWriter<byte> output) => OtlpTraceEncoder.EncodeProcessed(_kept, output);

        public ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived) => gate.Store is { } store
            ? store.AppendAsync(_kept, payload, digest, payloadIsAsReceived, _policyVersion, CancellationToken.None)
            : ValueTask.FromResult(new AppendResult(AppendStatus.Failed, IngestOutcome.StandardRetry, IngestService.ClosedMessage));

        public ValueTask TakenAsync(ReadOnlyMemory<byte> payload, bool isAltered, TakenRequest request)
        {
            if (request.IsNew)
            {
                _processor.Count(process.Counters);
                red.Count(_kept);
            }
            return _kept.RowCount > 0 && forward.Forwarder is { } forwarder ? forwarder.OfferAsync(_kept, payload, isAltered, request.Digest) : default;
        }

        public void GiveBack() => _processor.GiveBack();

        public void Clear()
        {
            _batch.Clear();
            _kept = _batch;
        }
    }
}
