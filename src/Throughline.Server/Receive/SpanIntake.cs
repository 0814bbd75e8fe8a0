using System.Buffers;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Model;
using Throughline.Server.Process;
using Throughline.Server.Storage;

namespace Throughline.Server.Receive;

/// <summary>The way of spans into the trace store. Thread safe.</summary>
public sealed class SpanIntake(StoreGate gate, int maxNesting) : ISignalIntake
{
    /// <inheritdoc/>
    public SignalKind Kind => SignalKind.Traces;

    /// <inheritdoc/>
    public bool IsOpen => gate.Store is not null;

    /// <inheritdoc/>
    public ISignalWorker NewWorker() => new Worker(gate, maxNesting);

    private sealed class Worker(StoreGate gate, int maxNesting) : ISignalWorker
    {
        private readonly OtlpTraceDecoder _decoder = new(maxNesting);
        private readonly SpanBatch _batch = new();
        private readonly Redactor _redactor = new();

        public long MemoryBytes => _batch.MemoryBytes;

        public int Count => _batch.RowCount;

        public DecodeResult Decode(ReadOnlySpan<byte> request) => _decoder.Decode(request, _batch);

        public int Redact() => _redactor.Redact(_batch);

        public void EncodeProcessed(IBufferWriter<byte> output) => OtlpTraceEncoder.EncodeProcessed(_batch, output);

        public ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived) => gate.Store is { } store
            ? store.AppendAsync(_batch, payload, digest, payloadIsAsReceived, CancellationToken.None)
            : ValueTask.FromResult(new AppendResult(AppendStatus.Failed, IngestOutcome.StandardRetry, IngestService.ClosedMessage));

        public void Clear() => _batch.Clear();
    }
}
