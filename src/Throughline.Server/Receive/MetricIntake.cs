using System.Buffers;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Metrics;
using Throughline.Engine.Model;
using Throughline.Server.Forward;
using Throughline.Server.Process;
using Throughline.Server.SelfTelemetry;
using Throughline.Server.Storage;

namespace Throughline.Server.Receive;

/// <summary>The way of points of metrics into their store. Thread safe.</summary>
public sealed class MetricIntake(StoreGate gate, int maxNesting, ProcessSettings process, ForwardGate forward) : ISignalIntake
{
    /// <inheritdoc/>
    public SignalKind Kind => SignalKind.Metrics;

    /// <inheritdoc/>
    public bool IsOpen => gate.Find<MetricStore>() is not null;

    /// <inheritdoc/>
    public ISignalWorker NewWorker() => new Worker(gate, maxNesting, process, forward);

    private sealed class Worker : ISignalWorker
    {
        private readonly StoreGate _gate;
        private readonly ProcessSettings _process;
        private readonly ForwardGate _forward;
        private readonly MetricRedactor _redactor = new();
        private readonly OtlpMetricDecoder _decoder;
        private readonly MetricBatch _batch = new();
        private readonly PooledBuffer _payload = new();
        private string _limitMessage = "";
        private int _overLimit;

        public Worker(StoreGate gate, int maxNesting, ProcessSettings process, ForwardGate forward)
        {
            (_gate, _process, _forward) = (gate, process, forward);
            _decoder = new OtlpMetricDecoder(maxNesting, _redactor.IsSensitive, _redactor.Redact);
        }

        public long MemoryBytes => _batch.MemoryBytes;

        public int Count => _batch.RowCount;

        /// <summary>What is refused for the number of series is counted under that reason, once it is known whether the request is stored.</summary>
        public DecodeResult Decode(ReadOnlySpan<byte> request)
        {
            _overLimit = 0;
            _redactor.Begin(_process.Current);
            var decoded = _decoder.Decode(request, _batch);
            if (decoded.Status == DecodeStatus.Malformed || _gate.Find<MetricStore>() is not { } store) return decoded;
            _overLimit = store.ApplyLimit(_batch);
            if (_overLimit == 0) return decoded;
            _limitMessage = $"{_overLimit} points were refused: they are of new series, and {store.MaxSeries} are alive, which is as many as may be (--metrics-max-series). Send fewer attributes.";
            return decoded with { Accepted = _batch.RowCount, Message = decoded.Message.Length == 0 ? _limitMessage : $"{decoded.Message}; {_limitMessage}", Refused = decoded.Refused + _overLimit };
        }

        /// <summary>The decoder has done it: the keys of the series are made of what may be kept.</summary>
        public ProcessResult Process() => new(_decoder.RedactedValues > 0, _decoder.RedactedValues);

        public IEnumerable<(RefusalReason Reason, string Message, int Count)> RefusedApart => _overLimit > 0 ? [(RefusalReason.TooManySeries, _limitMessage, _overLimit)] : [];

        /// <summary>Nothing: what the log keeps is written when it is appended, since it is never the request as it came.</summary>
        public void EncodeProcessed(IBufferWriter<byte> output)
        {
        }

        public async ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived)
        {
            if (_gate.Find<MetricStore>() is not { } store) return new AppendResult(AppendStatus.Failed, IngestOutcome.StandardRetry, IngestService.ClosedMessage);
            try
            {
                MetricStore.Encode(_batch, _payload);
                return await store.AppendAsync(_batch, _payload.Written, digest);
            }
            finally
            {
                _payload.Dispose();
            }
        }

        public ValueTask TakenAsync(ReadOnlyMemory<byte> payload, bool isAltered, TakenRequest request)
        {
            if (request.IsNew) _redactor.Count(_process.Counters);
            return _batch.RowCount > 0 && _forward.Forwarder is { } forwarder && forwarder.Takes(SignalKind.Metrics) ? OfferAsync(forwarder, payload, isAltered, request.Digest) : default;
        }

        /// <summary>Apart: its closure is made as soon as it is called.</summary>
        private ValueTask OfferAsync(Forwarder forwarder, ReadOnlyMemory<byte> payload, bool isAltered, UInt128 digest) =>
            forwarder.OfferAsync(SignalKind.Metrics, _batch.RowCount, () => isAltered ? Encoded() : payload, digest);

        private ReadOnlyMemory<byte> Encoded()
        {
            var output = new ArrayBufferWriter<byte>();
            OtlpMetricEncoder.Encode(_batch, output);
            return output.WrittenMemory;
        }

        public void Clear() => _batch.Clear();
    }
}
