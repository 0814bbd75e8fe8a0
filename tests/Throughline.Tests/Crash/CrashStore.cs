using System.Text;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Tests.Crash;

/// <summary>A store in a crash test: limits so small that little work reaches flushes, rotations and deletions.</summary>
internal static class CrashStore
{
    public const string Root = "/data";

    private static readonly TraceStoreOptions s_options = new()
    {
        Directory = Root,
        LogSegmentBytes = 8_192,
    };

    public static Task<TraceStore> OpenAsync(IFileSystem files, int headMaxSpans = 60, Func<TraceStoreOptions, TraceStoreOptions>? change = null, TimeProvider? time = null)
    {
        var options = s_options with { HeadMaxSpans = headMaxSpans };
        return TraceStore.OpenAsync(change?.Invoke(options) ?? options, files, time ?? new FixedTime(), CancellationToken.None);
    }

    /// <summary>Sends a request as the server would, and marks it when it is acknowledged.</summary>
    public static async Task<AppendStatus> SendAsync(TraceStore store, CrashRequest request)
    {
        var batch = new SpanBatch();
        var decoded = new OtlpTraceDecoder().Decode(request.Body, batch);
        Assert.True(decoded.Status == DecodeStatus.Decoded, decoded.Message);
        var result = await AppendAsync();
        // A head is as full as it may be while the one before is made a block; the store says when that failed. Who asks without a pause takes the time of the thread that writes the block.
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (result.Status == AppendStatus.Overloaded)
        {
            Assert.False(limit.IsCancellationRequested, $"The store is overloaded for {Patience.Limit.TotalMinutes} minutes: {result.Message}");
            await Task.Delay(1);
            // After the pause, too: who sends the next request at once takes the same thread.
            if (store.GetStatistics().Problems.Count > 0) break;
            result = await AppendAsync();
        }
        if (result.Status is AppendStatus.Durable or AppendStatus.Duplicate)
            request.Acknowledge();
        return result.Status;

        ValueTask<AppendResult> AppendAsync() => store.AppendAsync(batch, request.Body, request.Digest, payloadIsAsReceived: true, CancellationToken.None);
    }

    /// <summary>What is there of all traces that were ever sent.</summary>
    public static async Task<IReadOnlyDictionary<TraceId, IReadOnlyList<FoundSpan>>> ReadAsync(TraceStore store, SpanLedger ledger)
    {
        var found = new Dictionary<TraceId, IReadOnlyList<FoundSpan>>();
        foreach (var trace in ledger.Requests.SelectMany(r => r.Spans).Select(s => s.Trace).Distinct())
        {
            if (await store.GetTraceAsync(trace, CancellationToken.None) is { } view)
                found[trace] = [.. Enumerable.Range(0, view.Spans.RowCount).Select(row => Found(view.Spans, row))];
        }
        return found;
    }

    private static FoundSpan Found(SpanBatch spans, int row)
    {
        var attribute = spans.AttributeOffset[row];
        var detail = spans.AttributeOffset[row + 1] == attribute
            ? null
            : Encoding.UTF8.GetString(spans.Strings[(int)spans.Attributes.Value[attribute]]);
        return new FoundSpan(spans.SpanId[row], spans.ParentSpanId[row], Encoding.UTF8.GetString(spans.Strings[spans.Name[row]]), detail);
    }
}
