using System.Buffers;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;

namespace Throughline.Server.Receive;

/// <summary>A signal's way from an export request into its store, for <see cref="IngestService"/>. One for each signal that is stored. Thread safe.</summary>
public interface ISignalIntake
{
    /// <summary>Which signal.</summary>
    SignalKind Kind { get; }

    /// <summary>False while the store is recovered and once the server stops.</summary>
    bool IsOpen { get; }

    /// <summary>Makes what takes one request at a time.</summary>
    ISignalWorker NewWorker();
}

/// <summary>A decoder, a batch and what else one request of a signal needs, to be used again for the next. Not thread safe.</summary>
public interface ISignalWorker
{
    /// <summary>Memory that the batch holds.</summary>
    long MemoryBytes { get; }

    /// <summary>Items that the batch holds.</summary>
    int Count { get; }

    /// <summary>Decodes a request in protobuf into the batch, which is empty.</summary>
    DecodeResult Decode(ReadOnlySpan<byte> request);

    /// <summary>Replaces sensitive values in the batch and marks where; answers how many.</summary>
    int Redact();

    /// <summary>Writes the batch in the log's processed form, which is what is stored when the batch says something else than the request.</summary>
    void EncodeProcessed(IBufferWriter<byte> output);

    /// <summary>
    /// Stores the batch; <paramref name="payload"/> is what the log keeps, <paramref name="digest"/> the digest of the request, by which a retry is known. Durable and visible when the answer says so;
    /// <see cref="AppendStatus.Failed"/> when the store has been closed meanwhile.
    /// </summary>
    ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived);

    /// <summary>Empties the batch.</summary>
    void Clear();
}
