using Microsoft.Diagnostics.NETCore.Client;
using Throughline.Telemetry.Profiling.NetTrace;

namespace Throughline.Telemetry.Profiling;

/// <summary>
/// The reading of one session of the runtime's events, on a thread of its own from the beginning. Used by one caller, which owns the session
/// and disposes it after <see cref="StopAsync"/>.
/// </summary>
internal sealed class SessionReading
{
    private readonly EventPipeSession _session;

    public SessionReading(EventPipeSession session, NetTraceHandler handler)
    {
        (_session, Trace) = (session, new(session.EventStream));
        Ended = Task.Factory.StartNew(() => Trace.Read(handler), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What is read, and how; whole when the reading has ended.</summary>
    public NetTraceReader Trace { get; }

    /// <summary>Over when the trace is, or with what the reader or its handler threw.</summary>
    public Task Ended { get; }

    /// <summary>Stops the session and reads it to its end; throws what ended the reading before that.</summary>
    /// <remarks>
    /// The runtime can't stop a session that nobody reads: it has more to send, and waits for as long as that isn't taken; disposing a session
    /// that wasn't stopped stops it, and would wait too. So what a reader that failed left is read past.
    /// </remarks>
    public async Task StopAsync(CancellationToken limit)
    {
        var rest = ReadPastAsync(limit);
        if (!Ended.IsCompletedSuccessfully) await _session.StopAsync(limit);
        await rest;
        await Ended;
    }

    private async Task ReadPastAsync(CancellationToken limit)
    {
        await Ended.WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        limit.ThrowIfCancellationRequested();
        if (Ended.IsFaulted) await _session.EventStream.CopyToAsync(Stream.Null, limit);
    }
}
