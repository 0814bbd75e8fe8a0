using Throughline.Engine.Files;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Inspection;

/// <summary>Looks at a record of the log and says what is wrong with it; null when nothing is.</summary>
internal delegate string? RecordCheck(in WalRecord record);

/// <summary>
/// Reads the log of a store and has its records looked at. <paramref name="directory"/> is where it lies, <paramref name="folder"/> the same as findings name it, with a slash at its end, <paramref name="items"/> what
/// records hold. Used once, by one thread.
/// </summary>
internal sealed class LogCheck(IFileSystem files, string directory, string folder, string items, FindingList findings)
{
    private ulong _lastSequence;
    private int _told;

    /// <summary>Records that could be read.</summary>
    public long Records { get; private set; }

    /// <summary>Bytes of the log's files.</summary>
    public long Bytes { get; private set; }

    /// <summary>Reads all from a segment on; those below it are not needed any more.</summary>
    public void Run(long firstSegment, RecordCheck check, CancellationToken cancellationToken)
    {
        try
        {
            Inspect(firstSegment);
            using var reader = new WalReader(files, new WalOptions { Directory = directory }, firstSegment);
            Tell(reader, "");
            while (reader.TryRead(out var record))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var lost = _lastSequence == 0 ? 0 : record.Sequence - _lastSequence - 1;
                Tell(reader, lost > 0 ? $"up to {lost} requests of the log are lost, behind request {_lastSequence}" : "");
                _lastSequence = record.Sequence;
                Records++;
                if (check(record) is { } wrong) findings.Damage(folder + WalSegmentName.Of(record.Segment), record.Offset, "an export request", wrong, $"the {items} of request {record.Sequence} are lost");
            }
            Tell(reader, "requests at the end of the log are lost");
            NoteTornTail(reader.End);
        }
        catch (InvalidDataException e)
        {
            findings.Damage(folder, 0, "a log that this release can read", e.Message, $"the {items} of the log are not served");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            findings.Damage(folder, e, $"the {items} of the log are not served");
        }
    }

    private void Inspect(long firstSegment)
    {
        foreach (var name in files.ListFiles(directory))
        {
            if (!WalSegmentName.TryParse(name, out var number))
            {
                findings.Note(folder + name, 0, "segments of the log", "another file", "the store does not use it");
                continue;
            }
            using var file = files.OpenRead(Path.Combine(directory, name));
            Bytes += file.Length;
            if (number < firstSegment) findings.Note(folder + name, 0, $"segments from {firstSegment} on", $"{number}", $"its {items} are in blocks; the next opening deletes it");
            else if (file.Length <= WalSegmentHeader.CopiesSize) CheckCopies(file, folder + name, number);
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

    private void Tell(WalReader reader, string meaning)
    {
        for (; _told < reader.Problems.Count; _told++)
        {
            var problem = reader.Problems[_told];
            var lost = meaning.Length > 0 ? meaning : problem.SizeBytes > WalSegmentHeader.Size ? "all requests in them are lost" : "no request is known to be lost";
            findings.Damage(folder + Path.GetFileName(problem.File), problem.Offset, problem.Expected, problem.Found, problem.SizeBytes > 0 ? $"{problem.SizeBytes} bytes: {lost}" : lost);
        }
    }

    private void NoteTornTail(WalEnd end)
    {
        if (end.TornBytes == 0) return;
        findings.Note(folder + WalSegmentName.Of(end.PreviousSegment), end.PreviousLength, "records", $"{end.TornBytes} other bytes at the end",
            "they were being written when the process or the machine stopped: no sender was told that they are stored");
    }
}
