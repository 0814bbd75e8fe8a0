using System.Buffers;
using Throughline.Engine.Encode;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Wal;
using Throughline.Server.Configuration;

namespace Throughline.Server.Forward;

/// <summary>
/// Passes on what was stored: into a queue on disk, and from there to the target. What goes wrong here is counted and told, and never a sender's business. Owned by the host, which ends it by
/// <see cref="DisposeAsync"/>; thread safe.
/// </summary>
public sealed class Forwarder : IAsyncDisposable
{
    private readonly ForwardOptions _options;
    private readonly ForwardQueue _queue;
    private readonly ForwardCounters _counters;
    private readonly IForwardClient _client;
    private readonly TraceShare _share;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    private Forwarder(ForwardOptions options, ForwardQueue queue, ForwardCounters counters, IForwardClient client, TimeProvider time, Func<double> random)
    {
        (_options, _queue, _counters, _client, _share) = (options, queue, counters, client, new TraceShare(options.Share));
        var sender = new ForwardSender(queue, client, options, counters, time, random);
        _loop = Task.Run(() => sender.RunAsync(_stop.Token));
    }

    /// <summary>
    /// Opens the queue below the data directory and begins to send what waits there; null when there is no target. Throws what the disk throws, and an <see cref="InvalidDataException"/> when a file
    /// is not what it should be.
    /// </summary>
    public static Forwarder? Open(ForwardOptions options, string dataDirectory, IFileSystem files, TimeProvider time)
    {
        if (options.Target is not { } target) return null;
        var connection = ForwardConnection.Open(options, files);
        IForwardClient client = options.Protocol == ForwardProtocol.Grpc ? new OtlpGrpcForward(options, target, connection, time) : new OtlpHttpForward(options, target, connection, time);
        try
        {
            return Open(options, Path.Combine(dataDirectory, "0", "forward"), files, client, time, Random.Shared.NextDouble);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    internal static Forwarder Open(ForwardOptions options, string directory, IFileSystem files, IForwardClient client, TimeProvider time, Func<double> random)
    {
        var counters = new ForwardCounters(time);
        return new Forwarder(options, ForwardQueue.Open(files, directory, options, counters, time), counters, client, time, random);
    }

    /// <summary>How it stands.</summary>
    public ForwardStatus Status
    {
        get
        {
            var (items, bytes, oldest) = _queue.Waiting;
            return _counters.Read(_options, items, bytes, oldest);
        }
    }

    /// <summary>Whether a signal is passed on.</summary>
    public bool Takes(SignalKind signal) => _options.Signals.Contains(signal);

    /// <summary>
    /// Takes spans that were stored, now or before (a retry): they are in the queue, on disk, when the task ends, once for each <paramref name="digest"/> of a request. <paramref name="request"/> says what the batch
    /// says, unless the batch was altered since it came. Trace states in the batch may change.
    /// </summary>
    public ValueTask OfferAsync(SpanBatch batch, ReadOnlyMemory<byte> request, bool isAltered, UInt128 digest) => Takes(SignalKind.Traces) ? OfferOnceAsync(batch, request, isAltered, digest) : default;

    /// <summary>
    /// The same for another signal, all of it, which has to be one that is passed on (<see cref="Takes"/>); <paramref name="encode"/> makes the export request of what was stored and is called only when that is to be
    /// queued.
    /// </summary>
    public ValueTask OfferAsync(SignalKind signal, int items, Func<ReadOnlyMemory<byte>> encode, UInt128 digest)
    {
        var queued = ForwardSignals.Of(signal);
        return _queue.Offers.OnceAsync(queued, digest, () => QueueAsync(queued, items, encode(), digest));
    }

    private ValueTask OfferOnceAsync(SpanBatch batch, ReadOnlyMemory<byte> request, bool isAltered, UInt128 digest) => _queue.Offers.OnceAsync(WalSignal.Traces, digest, async () =>
    {
        if (_share.IsAll && !isAltered) return await QueueAsync(WalSignal.Traces, batch.RowCount, request, digest);
        var encoded = new ArrayBufferWriter<byte>();
        if (_share.IsAll)
        {
            OtlpTraceEncoder.Encode(batch, encoded);
            return await QueueAsync(WalSignal.Traces, batch.RowCount, encoded.WrittenMemory, digest);
        }
        var rows = _share.Keep(batch);
        if (rows.Length == 0) return true;
        OtlpTraceEncoder.Encode(batch, rows, encoded);
        return await QueueAsync(WalSignal.Traces, rows.Length, encoded.WrittenMemory, digest);
    });

    private async ValueTask<bool> QueueAsync(WalSignal signal, int items, ReadOnlyMemory<byte> request, UInt128 digest) => await _queue.AppendAsync(signal, items, request, digest) is not null;

    /// <summary>Stops sending, even in the middle; what was not answered stays on disk and is sent by the next process.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await _queue.DisposeAsync();
        _client.Dispose();
        _stop.Dispose();
    }
}

/// <summary>Where the parts of the server find the forwarder: empty without one, and while the server starts or stops. Owned by the host; thread safe.</summary>
public sealed class ForwardGate
{
    private volatile Forwarder? _forwarder;

    /// <summary>The forwarder, or null.</summary>
    public Forwarder? Forwarder => _forwarder;

    /// <summary>Lets everyone at it; null keeps them from it.</summary>
    public void Set(Forwarder? forwarder) => _forwarder = forwarder;
}
