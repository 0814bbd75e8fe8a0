using Throughline.Engine.Blocks;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Inspection;

/// <summary>Reads the log of the traces and decodes its records. Used once, by one thread.</summary>
internal sealed class TraceLogCheck(IFileSystem files, StorePaths paths, FindingList findings)
{
    private readonly LogCheck _log = new(files, paths.Log, "0/traces/log/", "spans", findings);
    private readonly OtlpTraceDecoder _decoder = new(maxNesting: 1024);
    private readonly SpanBatch _batch = new();
    private Dictionary<TraceId, long> _carried = [];

    /// <summary>Records that could be read.</summary>
    public long Records => _log.Records;

    /// <summary>Spans in them that are in no block.</summary>
    public long Spans { get; private set; }

    /// <summary>Bytes of the log's files.</summary>
    public long Bytes => _log.Bytes;

    /// <summary>Reads all.</summary>
    public void Run(Manifest manifest, CancellationToken cancellationToken)
    {
        _carried = manifest.Carried.ToDictionary(c => c.Id, c => c.FromSegment);
        _log.Run(manifest.FirstSegment, (in WalRecord record) => Decode(record, manifest.CutSegment), cancellationToken);
    }

    private string? Decode(in WalRecord record, long cutSegment)
    {
        _batch.Clear();
        var payload = record.Payload.Span;
        var result = record.Header.Form == WalForm.Processed ? _decoder.DecodeProcessed(payload, _batch) : _decoder.Decode(payload, _batch);
        if (result.Status != DecodeStatus.Decoded) return result.Message;
        Spans += record.Segment >= cutSegment ? _batch.RowCount : Carried(record.Segment);
        return null;
    }

    /// <summary>Spans of a request of before the last flush that it left for the next block.</summary>
    private int Carried(long segment)
    {
        var count = 0;
        foreach (var id in _batch.TraceId.Span) count += _carried.TryGetValue(id, out var from) && segment >= from ? 1 : 0;
        return count;
    }
}
