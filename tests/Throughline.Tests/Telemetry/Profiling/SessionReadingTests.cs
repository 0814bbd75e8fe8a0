using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Throughline.Telemetry.Profiling;

namespace Throughline.Tests.Telemetry.Profiling;

/// <summary>A session of this process's own runtime.</summary>
public sealed class SessionReadingTests
{
    [Fact]
    public async Task ReaderThatFailsMidwayLetsTheSessionStop()
    {
        // All methods are told at the end: far more than fits between the runtime and a reader that doesn't read.
        const long Everything = 0x8 | 0x10 | 0x20 | 0x100;
        var client = new DiagnosticsClient(Environment.ProcessId);
        var session = await client.StartEventPipeSessionAsync(
            new EventPipeSessionConfiguration(
                [new("Microsoft-DotNETCore-SampleProfiler", EventLevel.Informational)], circularBufferSizeMB: 16, rundownKeyword: Everything, requestStackwalk: true),
            CancellationToken.None);
        var reading = new SessionReading(session, (in _) => throw new InvalidDataException("the first event is one too many"));
        await Assert.ThrowsAsync<InvalidDataException>(() => reading.Ended.WaitAsync(Patience.Limit));

        using var limit = new CancellationTokenSource(Patience.Limit);
        Assert.Contains("one too many", (await Assert.ThrowsAsync<InvalidDataException>(() => reading.StopAsync(limit.Token))).Message);
        await Task.Run(session.Dispose).WaitAsync(Patience.Limit);
    }
}
