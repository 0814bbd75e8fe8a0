using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Extensions.Logging;
using Throughline.Telemetry.Profiling.NetTrace;
using Throughline.Telemetry.Profiling.Spans;

namespace Throughline.Telemetry.Profiling;

/// <summary>
/// One window of samples of this process: the runtime stops all its threads about a thousand times a second, looks where they are, and
/// sends it by its diagnostic port; here it is read at once and counted by stack and span. Used once.
/// </summary>
internal sealed class ProfileWindow(SpanTracker spans, ProfileOptions options, ILogger logger, TimeProvider time)
{
    private const string Sampler = "Microsoft-DotNETCore-SampleProfiler";

    // Modules and methods, compiled here or ahead: what is compiled while the window is open, and at its end everything that is there.
    private const long Loader = 0x8, Jit = 0x10, NGen = 0x20, AtTheEnd = 0x100;

    /// <summary>In a sample's payload: the thread was in managed code when it was stopped.</summary>
    private const int Managed = 2;

    private static readonly TimeSpan s_stopping = TimeSpan.FromSeconds(30);

    public SampleTable Samples { get; } = new(options.StackLimit);

    public MethodTable Methods { get; } = new();

    public DateTimeOffset Start { get; private set; }

    public TimeSpan Duration { get; private set; }

    public SampleScale Scale { get; private set; }

    /// <summary>Samples on threads that changed their span more often than they may remember.</summary>
    public long SpansForgotten { get; private set; }

    /// <summary>Events that the runtime couldn't keep.</summary>
    public long LostEvents { get; private set; }

    /// <summary>Samples until the window's time is over or <paramref name="stopping"/> ends it early.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        spans.OpenWindow();
        try
        {
            var client = new DiagnosticsClient(Environment.ProcessId);
            var configuration = new EventPipeSessionConfiguration(
                [
                    new(Sampler, EventLevel.Informational),
                    new("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, Loader | Jit | NGen),
                ],
                options.BufferMegabytes, rundownKeyword: Loader | Jit | NGen | AtTheEnd, requestStackwalk: true);
            Start = time.GetUtcNow();
            var (began, usedBefore) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
            using var session = await client.StartEventPipeSessionAsync(configuration, stopping);
            logger.LogDebug("A profile has begun.");
            var reading = new SessionReading(session, Take);
            await Task.WhenAny(reading.Ended, Task.Delay(TimeSpan.FromSeconds(options.WindowSeconds), time, stopping));
            (Duration, var used) = (time.GetElapsedTime(began), Environment.CpuUsage.TotalTime - usedBefore);
            using var limit = new CancellationTokenSource(s_stopping, time);
            await reading.StopAsync(limit.Token);
            var reader = reading.Trace;
            if (reader.Frequency != Stopwatch.Frequency)
                throw new InvalidDataException($"The trace's clock ticks {reader.Frequency} times a second and the spans' {Stopwatch.Frequency} times.");
            // The runtime goes on sampling until it has stopped the session, which takes a busy machine its time.
            if (Samples.Rounds > 0 && Stopwatch.GetElapsedTime(began, Samples.LastRound) is var sampled && sampled > Duration) Duration = sampled;
            (LostEvents, Scale) = (reader.LostEvents, SampleScale.Of(Samples, reader.Frequency, used));
        }
        finally
        {
            spans.CloseWindow();
        }
    }

    private void Take(in NetTraceEvent traceEvent)
    {
        if (traceEvent.Kind.Provider != Sampler)
        {
            Methods.Take(traceEvent);
            return;
        }
        if (traceEvent.Payload.Length < sizeof(int) || traceEvent.Stack.Length == 0) return;
        if (!spans.TryFind(traceEvent.ThreadId, traceEvent.Time, out var span)) SpansForgotten++;
        var running = BinaryPrimitives.ReadInt32LittleEndian(traceEvent.Payload) == Managed;
        Samples.Add(traceEvent.ThreadId, traceEvent.Time, traceEvent.Stack, span, running);
    }
}
