using System.Buffers;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Server.SelfTelemetry;

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

    /// <summary>Items that are to be stored.</summary>
    int Count { get; }

    /// <summary>Decodes a request in protobuf into the batch, which is empty.</summary>
    DecodeResult Decode(ReadOnlySpan<byte> request);

    /// <summary>Those of the items refused by <see cref="Decode"/> that have a reason other than the signal's own.</summary>
    IEnumerable<(RefusalReason Reason, string Message, int Count)> RefusedApart => [];

    /// <summary>Applies the rules in force to the batch: fewer items may be left, and they may say less.</summary>
    ProcessResult Process();

    /// <summary>Writes the batch in the log's processed form, which is what is stored when the batch says something else than the request.</summary>
    void EncodeProcessed(IBufferWriter<byte> output);

    /// <summary>
    /// Stores the batch; <paramref name="payload"/> is what the log keeps, <paramref name="digest"/> the digest of the request, by which a retry is known. Durable and visible when the answer says so;
    /// <see cref="AppendStatus.Failed"/> when the store has been closed meanwhile.
    /// </summary>
    ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived);

    /// <summary>
    /// The request is stored, and is counted and passed on; <paramref name="payload"/> is what the log keeps of it. A request that was stored before is not counted again, but may still have to be passed on:
    /// the process that stored it may have died before it came to that.
    /// </summary>
    ValueTask TakenAsync(ReadOnlyMemory<byte> payload, bool isAltered, TakenRequest request) => default;

    /// <summary>The request was not stored: what it took of limits is given back.</summary>
    void GiveBack()
    {
    }

    /// <summary>Empties the batch.</summary>
    void Clear();
}

/// <summary>A request that is stored.</summary>
/// <param name="Digest">By which a retry is known.</param>
/// <param name="IsNew">False when it was stored before.</param>
public readonly record struct TakenRequest(UInt128 Digest, bool IsNew);

/// <summary>What was done with a batch.</summary>
/// <param name="IsAltered">It does not say any more what the request said.</param>
/// <param name="RedactedValues">Values that were redacted.</param>
public readonly record struct ProcessResult(bool IsAltered, int RedactedValues);
