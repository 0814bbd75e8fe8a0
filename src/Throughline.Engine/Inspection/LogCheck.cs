using Throughline.Engine.Blocks;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Inspection;

/// <summary>Reads the log of a store and decodes its records. Used once, by one thread.</summary>
internal sealed class LogCheck(IFileSystem files, StorePaths paths, FindingList findings)
{
    private const string Folder = "0/traces/log/";

    private readonly OtlpTraceDecoder _decoder = new(maxNesting: 1024);
    private readonly SpanBatch _batch = new();
    private ulong _lastSequence;
    private int _told;

    /// <summary>Records that could be read.</summary>
    public long Records { get; private set; }

    /// <summary>Spans in them.</summary>
    public long Spans { get; private set; }

    /// <summary>Bytes of the log's files.</summary>
    public long Bytes { get; private set; }

    /// <summary>Reads all.</summary>
    public void Run(Manifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            Inspect(manifest);
            using var reader = new WalReader(files, new WalOptions { Directory = paths.Log }, manifest.FirstSegment);
            Tell(reader, "");
            while (reader.TryRead(out var record))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var lost = _lastSequence == 0 ? 0 : record.Sequence - _lastSequence - 1;
                Tell(reader, lost > 0 ? $"up to {lost} requests of the log are lost, behind request {_lastSequence}" : "");
                _lastSequence = record.Sequence;
                Decode(record);
            }
            Tell(reader, "requests at the end of the log are lost");
            NoteTornTail(reader.End);
        }
        catch (InvalidDataException e)
        {
            findings.Damage(Folder, 0, "a log that this release can read", e.Message, "the spans of the log are not served");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            findings.Damage(Folder, e, "the spans of the log are not served");
        }
    }

    private void Inspect(Manifest manifest)
    {
        foreach (var name in files.ListFiles(paths.Log))
        {
            if (!WalSegmentName.TryParse(name, out var number))
            {
                findings.Note(Folder + name, 0, "segments of the log", "another file", "the store does not use it");
                continue;
            }
            using var file = files.OpenRead(Path.Combine(paths.Log, name));
            Bytes += file.Length;
            if (number < manifest.FirstSegment) findings.Note(Folder + name, 0, $"segments from {manifest.FirstSegment} on", $"{number}", "its spans are in blocks; the next opening deletes it");
            else if (file.Length <= WalSegmentHeader.CopiesSize) CheckCopies(file, Folder + name, number);
        }
    }

    /// <summary>A segment without records: recovery need not believe its header, so that only a check looks at both copies.</summary>
    private void CheckCopies(IReadableFile file, string name, long number)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(0, bytes);
        if (bytes.Length < WalSegmentHeader.CopiesSize)
        {
            findings.Note(name, bytes.Length, "two copies of the segment header", "the end of the file", "what a crash left; no record was in it");
            return;
        }
        for (var offset = 0; offset < bytes.Length; offset += WalSegmentHeader.Size)
        {
            if (!WalSegmentHeader.TryRead(bytes.AsSpan(offset, WalSegmentHeader.Size), name, out var header) || header.Number != number)
                findings.Damage(name, offset, "a copy of the segment header", "other bytes", "no record was in it; where the segment before ends is told by the other copy, if that can be read");
        }
    }

    private void Decode(in WalRecord record)
    {
        Records++;
        _batch.Clear();
        var payload = record.Payload.Span;
        var result = record.Header.Form == WalForm.Processed ? _decoder.DecodeProcessed(payload, _batch) : _decoder.Decode(payload, _batch);
        if (result.Status == DecodeStatus.Decoded) Spans += _batch.RowCount;
        else findings.Damage(Folder + WalSegmentName.Of(record.Segment), record.Offset, "an export request", result.Message, $"the spans of request {record.Sequence} are lost");
    }

    private void Tell(WalReader reader, string meaning)
    {
        for (; _told < reader.Problems.Count; _told++)
        {
            var problem = reader.Problems[_told];
            var lost = meaning.Length > 0 ? meaning : problem.SizeBytes > WalSegmentHeader.Size ? "all requests in them are lost" : "no request is known to be lost";
            findings.Damage(Folder + Path.GetFileName(problem.File), problem.Offset, problem.Expected, problem.Found, problem.SizeBytes > 0 ? $"{problem.SizeBytes} bytes: {lost}" : lost);
        }
    }

    private void NoteTornTail(WalEnd end)
    {
        if (end.TornBytes == 0) return;
        findings.Note(Folder + WalSegmentName.Of(end.PreviousSegment), end.PreviousLength, "records", $"{end.TornBytes} other bytes at the end",
            "they were being written when the process or the machine stopped: no sender was told that they are stored");
    }
}
