using System.Buffers;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Logs;
using Throughline.Engine.Logs.Storage;
using Throughline.Engine.Model;
using Throughline.Engine.Wal;
using Throughline.Server.Forward;
using Throughline.Server.Process;
using Throughline.Server.Storage;

namespace Throughline.Server.Receive;

/// <summary>The way of log records into their store. Thread safe.</summary>
public sealed class LogIntake(StoreGate gate, int maxNesting, ProcessSettings process, ForwardGate forward) : ISignalIntake
{
    /// <inheritdoc/>
    public SignalKind Kind => SignalKind.Logs;

    /// <inheritdoc/>
    public bool IsOpen => gate.Find<LogStore>() is not null;

    /// <inheritdoc/>
    public ISignalWorker NewWorker() => new Worker(gate, maxNesting, process, forward);

    private sealed class Worker(StoreGate gate, int maxNesting, ProcessSettings process, ForwardGate forward) : ISignalWorker
    {
        private readonly OtlpLogDecoder _decoder = new(maxNesting);
        private readonly LogBatch _batch = new();
        private readonly LogProcessor _processor = new();

        public long MemoryBytes => _batch.MemoryBytes;

        public int Count => _batch.RowCount;

        public DecodeResult Decode(ReadOnlySpan<byte> request) => _decoder.Decode(request, _batch);

        public ProcessResult Process()
        {
            _processor.Apply(process.Current, _batch);
            return new ProcessResult(_processor.IsAltered, _processor.RedactedValues);
        }

        public void EncodeProcessed(IBufferWriter<byte> output) => OtlpLogEncoder.EncodeProcessed(_batch, output);

        public ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived) => gate.Find<LogStore>() is { } store
            ? store.AppendAsync(_batch, payload, digest, payloadIsAsReceived ? WalForm.Received : WalForm.Processed)
            : ValueTask.FromResult(new AppendResult(AppendStatus.Failed, IngestOutcome.StandardRetry, IngestService.ClosedMessage));

        public ValueTask TakenAsync(ReadOnlyMemory<byte> payload, bool isAltered, TakenRequest request)
        {
            if (request.IsNew) _processor.Count(process.Counters);
            return _batch.RowCount > 0 && forward.Forwarder is { } forwarder && forwarder.Takes(SignalKind.Logs) ? OfferAsync(forwarder, payload, isAltered, request.Digest) : default;
        }

        /// <summary>Apart: its closure is made as soon as it is called.</summary>
        private ValueTask OfferAsync(Forwarder forwarder, ReadOnlyMemory<byte> payload, bool isAltered, UInt128 digest) =>
            forwarder.OfferAsync(SignalKind.Logs, _batch.RowCount, () => isAltered ? Encoded() : payload, digest);

        /// <summary>What was stored as OTLP has it, without what the log's form adds.</summary>
        private ReadOnlyMemory<byte> Encoded()
        {
            var output = new ArrayBufferWriter<byte>();
            OtlpLogEncoder.Encode(_batch, output);
            return output.WrittenMemory;
        }

        public void Clear() => _batch.Clear();
    }
}
