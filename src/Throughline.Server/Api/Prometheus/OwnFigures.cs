using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Signals;
using Throughline.Server.Forward;
using Throughline.Server.Health;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Api.Prometheus;

/// <summary>What this server says of itself at /metrics: what came in, what was refused, what is stored, what was asked, and the process. Stateless.</summary>
internal static class OwnFigures
{
    internal static void WriteIngest(ExpositionWriter text, IngestCounters counters)
    {
        var counts = counters.Read();
        text.Counters("throughline_ingest_requests", "Export requests that were stored, by signal.");
        foreach (var signal in counts.Signals) text.Sample(signal.Requests, ("signal", NameOf(signal.Kind)));
        text.Counters("throughline_ingest_items", "What they held and was stored: spans, log records, points of metrics, profiles.");
        foreach (var signal in counts.Signals) text.Sample(signal.Items, ("signal", NameOf(signal.Kind)));
        text.Counter("throughline_ingest_redacted_attributes", "Attribute values that were replaced before they were stored.", counts.RedactedValues);
        text.Counters("throughline_ingest_refused", "What senders sent and the server refused, by signal and reason: requests, or single items where a request was taken in part.");
        foreach (var refusal in counts.Refusals) text.Sample(refusal.Count, ("signal", refusal.Signal is { } signal ? NameOf(signal) : "unknown"), ("reason", NameOf(refusal.Reason)));
        text.Gauges("throughline_ingest_last_timestamp_seconds", "When the last request was stored, in Unix seconds; nothing for a signal of which there was none.");
        foreach (var signal in counts.Signals)
        {
            if (signal.LastUnixNano is { } last) text.Sample(last / 1e9, ("signal", NameOf(signal.Kind)));
        }
    }

    internal static void WriteStore(ExpositionWriter text, StoreStatistics? store)
    {
        text.Gauge("throughline_store_open", "1 while the store takes spans and answers, 0 while the server starts or stops.", store is null ? 0 : 1);
        if (store is null) return;
        text.Gauge("throughline_store_spans", "Spans that are stored.", store.Spans);
        text.Gauge("throughline_store_traces", "Traces that are stored; one in several blocks counts in each.", store.Traces);
        text.Gauge("throughline_store_head_spans", "Spans that are not in a block yet.", store.HeadSpans);
        text.Gauge("throughline_store_blocks", "Block files.", store.Blocks);
        text.Gauge("throughline_store_block_bytes", "Bytes of the block files.", store.BlockBytes);
        text.Gauge("throughline_store_log_bytes", "Bytes of the log.", store.LogBytes);
        text.Gauge("throughline_store_problems", "What could not be read or done; GET /api/v1/status says it in words.", store.Problems.Count);
        text.Gauge("throughline_store_compaction_backlog_blocks", "Blocks that wait to be merged.", store.Compaction.BacklogBlocks);
        text.Counter("throughline_store_merges", "Merges of blocks.", store.Compaction.Merges);
        text.Counter("throughline_store_merged_spans", "Spans that merges have written.", store.Compaction.MergedSpans);
        text.Gauge("throughline_store_pinned_traces", "Traces that retention keeps.", store.Retention.PinnedTraces);
        text.Counter("throughline_store_dropped_blocks", "Blocks that retention has deleted.", store.Retention.DroppedBlocks);
        text.Counter("throughline_store_dropped_traces", "Traces that went with them or out of blocks that were rewritten.", store.Retention.DroppedTraces);
        text.Counter("throughline_store_dropped_bytes", "Bytes of block files that retention has freed.", store.Retention.DroppedBytes);
    }

    /// <summary>The stores beside the traces, by signal.</summary>
    internal static void WriteSignals(ExpositionWriter text, IReadOnlyList<ISignalStore> signals)
    {
        if (signals.Count == 0) return;
        SignalStatistics[] stores = [.. signals.Select(static s => s.GetStatistics())];
        Gauges("items", "Items that are stored, by signal: log records, points of metrics, windows of profiles.", static s => s.Items);
        Gauges("head_items", "Those of them that are not in a block yet.", static s => s.HeadItems);
        Gauges("head_bytes", "Memory of those.", static s => s.HeadBytes);
        Gauges("blocks", "Block files.", static s => s.Blocks);
        Gauges("block_bytes", "Bytes of the block files.", static s => s.BlockBytes);
        Gauges("log_bytes", "Bytes of the log.", static s => s.LogBytes);
        Gauges("problems", "What could not be read or done; GET /api/v1/status says it in words.", static s => s.Problems.Count);
        Counters("merges", "Merges of blocks.", static s => s.Merges);
        Counters("merged_bytes", "Bytes of blocks that merges have written.", static s => s.MergedBytes);
        Counters("dropped_blocks", "Blocks that retention has deleted.", static s => s.DroppedBlocks);
        Counters("dropped_items", "Items that went with them.", static s => s.DroppedItems);
        Counters("dropped_bytes", "Bytes of block files that retention has freed.", static s => s.DroppedBytes);

        void Gauges(string name, string help, Func<SignalStatistics, double> value)
        {
            text.Gauges("throughline_signal_store_" + name, help);
            foreach (var store in stores) text.Sample(value(store), ("signal", store.Name));
        }

        void Counters(string name, string help, Func<SignalStatistics, double> value)
        {
            text.Counters("throughline_signal_store_" + name, help);
            foreach (var store in stores) text.Sample(value(store), ("signal", store.Name));
        }
    }

    /// <summary>Nothing without a target.</summary>
    internal static void WriteForwarding(ExpositionWriter text, ForwardStatus? status)
    {
        if (status is null) return;
        text.Gauge("throughline_forward_failing", "1 while the last attempt to reach the target of forwarding failed.", status.LastError is null ? 0 : 1);
        text.Gauge("throughline_forward_queued_items", "Spans, log records and points that wait for the target.", status.QueuedItems);
        text.Gauge("throughline_forward_queued_bytes", "Bytes that wait on disk.", status.QueuedBytes);
        text.Counter("throughline_forward_requests", "Requests that the target took.", status.DeliveredRequests);
        text.Counter("throughline_forward_sent_bytes", "Bytes of those, before compression.", status.DeliveredBytes);
        text.Counters("throughline_forward_items", "Items that the target took, by signal.");
        foreach (var (signal, items) in status.DeliveredBySignal) text.Sample(items, ("signal", NameOf(signal)));
        text.Counter("throughline_forward_retries", "Attempts that had to be made again.", status.Retries);
        text.Counters("throughline_forward_lost_items", "Items that the target will not get, by reason.");
        foreach (var loss in status.Lost) text.Sample(loss.Items, ("reason", NameOf(loss.Reason)));
    }

    internal static void WriteHealth(ExpositionWriter text, HealthState health)
    {
        text.Gauge("throughline_read_only", "1 while nothing can be written and senders are told to come again; queries go on.", health.ReadOnly is null ? 0 : 1);
        text.Gauge("throughline_memory_full", "1 while the process takes more memory than it may and senders are told to come again.", health.IsMemoryFull ? 1 : 0);
        if (health.FreeBytes is { } free) text.Gauge("throughline_disk_free_bytes", "Free bytes of the disk of the data directory.", free);
    }

    internal static void WriteRequests(ExpositionWriter text, RequestCounters requests)
    {
        text.Gauge("throughline_api_requests_under_way", "Requests of the query APIs that are being answered.", requests.UnderWay);
        text.Histograms("throughline_api_request_duration_seconds", "Time to answer requests of the query APIs, by route and status; 499 when the caller went away.");
        foreach (var figures in requests.Read())
            text.Histogram(figures.Counts, figures.Seconds, [], ("route", figures.Route), ("status", figures.Status.ToString(CultureInfo.InvariantCulture)));
    }

    internal static void WriteProcess(ExpositionWriter text, IngestCounters counters)
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        text.Counter("process_cpu_seconds", "CPU time of the process.", process.TotalProcessorTime.TotalSeconds);
        text.Gauge("process_resident_memory_bytes", "Memory of the process that is in use.", process.WorkingSet64);
        text.Gauge("process_start_time_seconds", "When the server began to count, in Unix seconds.", counters.StartedUnixNano / 1e9);
        text.Gauge("process_threads", "Threads of the process.", process.Threads.Count);
        text.Gauge("dotnet_gc_heap_bytes", "Memory of .NET's heap at the last collection.", GC.GetGCMemoryInfo().HeapSizeBytes);
        text.Counter("dotnet_gc_allocated_bytes", "Bytes that were allocated.", GC.GetTotalAllocatedBytes());
        text.Counter("dotnet_gc_pause_seconds", "Time that garbage collections have stopped the process.", GC.GetTotalPauseDuration().TotalSeconds);
        text.Counters("dotnet_gc_collections", "Garbage collections by generation.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            text.Sample(GC.CollectionCount(generation), ("generation", generation.ToString(CultureInfo.InvariantCulture)));
        text.Gauge("dotnet_thread_pool_queue_length", "Work that waits for a thread.", ThreadPool.PendingWorkItemCount);
    }

    /// <summary>A name in the words of the status endpoint: <c>invalid_ids</c>.</summary>
    private static string NameOf<T>(T value)
        where T : struct, Enum => string.Concat(value.ToString().Select(static (c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
