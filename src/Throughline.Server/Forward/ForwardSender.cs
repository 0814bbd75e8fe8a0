using System.Buffers;
using Throughline.Engine.Wal;
using Throughline.Server.Configuration;

namespace Throughline.Server.Forward;

/// <summary>Something that takes one request to the target. Never throws for what the target or the network does.</summary>
internal interface IForwardClient : IDisposable
{
    /// <summary>Makes one attempt. Ends with an <see cref="OperationCanceledException"/> only when the token is cancelled.</summary>
    Task<ForwardReply> SendAsync(WalSignal signal, ReadOnlyMemory<byte> request, CancellationToken cancellationToken);
}

/// <summary>
/// Takes what waits in the queue to the target, in order, each until the target has it or will never take it. Requests are joined up to <see cref="ForwardOptions.BatchBytes"/>; of what is refused, or what the
/// target fails at again and again, the halves are tried, so that one bad request costs no other. A single request that the target fails at goes to the end of the queue; when it fails at it there too,
/// though it took others meanwhile, the request is given up. One loop; not reused.
/// </summary>
internal sealed class ForwardSender(ForwardQueue queue, IForwardClient client, ForwardOptions options, ForwardCounters counters, TimeProvider time, Func<double> random)
{
    /// <summary>How long a failing disk is left alone.</summary>
    private static readonly TimeSpan s_diskPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromSeconds(1);

    /// <summary>Longer than any sane target asks for.</summary>
    private static readonly TimeSpan s_longestWish = TimeSpan.FromHours(1);

    /// <summary>Times that the target may fail at a request before the request is thought to be the reason: a restart of the target takes less.</summary>
    private const int FaultsBeforeDoubt = 5;

    /// <summary>How much the target had taken when a request went to the end of the queue, by its number there.</summary>
    private readonly Dictionary<ulong, long> _moved = [];

    private long _taken;

    private readonly record struct Kept(ulong Sequence, long Items, byte[] Payload);

    /// <summary>Goes on until the token is cancelled; what is under way then is broken off.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var chunk = await queue.NextAsync(cancellationToken);
                await SendAsync(chunk, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                counters.Failed($"the queue cannot be read: {e.Message}", s_diskPause);
                await Task.Delay(s_diskPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e)
            {
                // The host boundary of this loop: nobody would see that it has ended, and what waits would wait for ever.
                counters.Failed($"forwarding had an internal error: {e.GetType().Name}: {e.Message}", s_diskPause);
                await Task.Delay(s_diskPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task SendAsync(ForwardChunk chunk, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, chunk.Dropped);
        try
        {
            var (batch, bytes, signal) = (new List<Kept>(), 0L, default(WalSignal));
            var isFirst = true;
            foreach (var record in queue.Read(chunk))
            {
                if (isFirst) ForgetBefore(record.Sequence);
                isFirst = false;
                if (!ForwardSignals.IsKnown(record.Signal))
                {
                    counters.Lost(ForwardLoss.Unreadable, record.Items, $"The queue has a record of signal {(int)record.Signal}, which this release does not pass on.");
                    queue.Skipped(chunk, record.Items);
                    continue;
                }
                if (batch.Count > 0 && (record.Signal != signal || bytes + record.Payload.Length > options.BatchBytes))
                {
                    await SendAsync(chunk, signal, batch, either.Token);
                    (batch, bytes) = ([], 0);
                }
                signal = record.Signal;
                bytes += record.Payload.Length;
                batch.Add(new Kept(record.Sequence, record.Items, record.Payload.ToArray()));
            }
            if (batch.Count > 0) await SendAsync(chunk, signal, batch, either.Token);
            queue.Complete(chunk);
        }
        catch (Exception e) when (chunk.Dropped.IsCancellationRequested && !cancellationToken.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // It gave way to newer ones, and was counted.
        }
    }

    private async Task SendAsync(ForwardChunk chunk, WalSignal signal, List<Kept> batch, CancellationToken cancellationToken)
    {
        await DeliverAsync(signal, batch, 0, batch.Count, cancellationToken);
        queue.Delivered(chunk, batch[^1].Sequence, batch.Sum(static r => r.Items));
    }

    private async Task DeliverAsync(WalSignal signal, List<Kept> batch, int first, int count, CancellationToken cancellationToken)
    {
        var request = Join(batch, first, count);
        var items = batch.GetRange(first, count).Sum(static r => r.Items);
        for (var (attempt, faults) = (0, 0); ; attempt++)
        {
            var reply = await client.SendAsync(signal, request, cancellationToken);
            switch (reply.Outcome)
            {
                case ForwardOutcome.Delivered:
                    Took(signal, items, reply, request.Length);
                    return;
                case ForwardOutcome.Faulted when ++faults % FaultsBeforeDoubt == 0 && (count > 1 || await IsSetAsideAsync(signal, batch[first], reply)):
                    if (count > 1) await HalvesAsync(signal, batch, first, count, cancellationToken);
                    return;
                case ForwardOutcome.Retry or ForwardOutcome.Faulted:
                    var wait = Wait(attempt, reply.RetryAfter);
                    counters.Failed(reply.Message, wait);
                    await Task.Delay(wait, time, cancellationToken);
                    continue;
                default:
                    counters.Answered();
                    if (count > 1) await HalvesAsync(signal, batch, first, count, cancellationToken);
                    else counters.Lost(reply.Outcome == ForwardOutcome.TooLarge ? ForwardLoss.TooLarge : ForwardLoss.Refused, items, reply.Message);
                    return;
            }
        }
    }

    private void Took(WalSignal signal, long items, ForwardReply reply, int bytes)
    {
        _taken++;
        counters.Delivered(signal, items - Math.Min(items, reply.Rejected), bytes);
        if (reply.Rejected > 0) counters.Lost(ForwardLoss.RejectedInPart, Math.Min(items, reply.Rejected), reply.Message);
    }

    private async Task HalvesAsync(WalSignal signal, List<Kept> batch, int first, int count, CancellationToken cancellationToken)
    {
        await DeliverAsync(signal, batch, first, count / 2, cancellationToken);
        await DeliverAsync(signal, batch, first + (count / 2), count - (count / 2), cancellationToken);
    }

    /// <summary>
    /// What becomes of a request that the target fails at again and again: given up when others were taken since it went to the end of the queue, else sent there; false when it stays where it is, since nothing
    /// else waits, or the disk does not take it.
    /// </summary>
    private async Task<bool> IsSetAsideAsync(WalSignal signal, Kept request, ForwardReply reply)
    {
        if (_moved.TryGetValue(request.Sequence, out var taken) && _taken > taken)
        {
            counters.Answered();
            counters.Lost(ForwardLoss.Refused, request.Items, $"The target took others and failed at this one {2 * FaultsBeforeDoubt} times: {reply.Message}");
            return true;
        }
        if (queue.Waiting.Items <= request.Items || await queue.MoveAsync(signal, request.Items, request.Payload) is not { } number) return false;
        _moved[number] = _taken;
        return true;
    }

    /// <summary>What was moved to a place before this one was dealt with, however that ended, or has given way.</summary>
    private void ForgetBefore(ulong sequence)
    {
        foreach (var number in _moved.Keys)
        {
            if (number < sequence) _moved.Remove(number);
        }
    }

    /// <summary>Export requests have one repeated field: one after the other they are one.</summary>
    private static ReadOnlyMemory<byte> Join(List<Kept> batch, int first, int count)
    {
        if (count == 1) return batch[first].Payload;
        var joined = new ArrayBufferWriter<byte>(batch.GetRange(first, count).Sum(static r => r.Payload.Length));
        for (var i = first; i < first + count; i++) joined.Write(batch[i].Payload);
        return joined.WrittenMemory;
    }

    /// <summary>Doubles from a second up to the limit, less up to a half by chance, so that many senders do not come together; never sooner than the target asks for.</summary>
    private TimeSpan Wait(int attempt, TimeSpan? wished)
    {
        var longest = Math.Min(options.MaxBackoff.TotalSeconds, s_firstBackoff.TotalSeconds * Math.Pow(2, Math.Min(attempt, 30)));
        var own = TimeSpan.FromSeconds(longest * (1 - (random() / 2)));
        return wished is { } wish && wish > own ? (wish < s_longestWish ? wish : s_longestWish) : own;
    }
}
