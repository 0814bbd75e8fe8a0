using Throughline.Engine.Files;

namespace Throughline.Engine.Wal;

/// <summary>
/// Reads the records of a log in order. Recovery owns it, before the log's writer is opened. Not thread safe. Bytes that were
/// acknowledged and cannot be read are told in <see cref="Problems"/>, and reading goes on behind them.
/// </summary>
public sealed class WalReader : IDisposable
{
    private readonly IFileSystem _files;
    private readonly int _maxPayloadBytes;
    private readonly List<WalSegmentFile> _segments = [];
    private readonly Dictionary<long, long> _sealedLengths = [];
    private readonly Dictionary<long, long> _sizes = [];
    private readonly List<WalProblem> _problems = [];
    private readonly long _nextSegment;
    private int _index;
    private IReadableFile? _file;
    private WalSegmentReader? _reader;
    private long _previousLength;
    private ulong _firstSequence = 1;
    private ulong _lastSequence;
    private long _tornBytes;

    /// <summary>
    /// Opens the log, from <paramref name="firstSegment"/> on: what lies below is in blocks already. Throws an <see
    /// cref="InvalidDataException"/> when a newer program wrote it. A directory that is not there is an empty log.
    /// </summary>
    public WalReader(IFileSystem files, WalOptions options, long firstSegment)
    {
        _files = files;
        _maxPayloadBytes = options.MaxPayloadBytes;
        _nextSegment = Math.Max(1, firstSegment);
        foreach (var name in files.ListFiles(options.Directory))
        {
            if (!WalSegmentName.TryParse(name, out var number))
                continue;
            var segment = WalSegmentFile.Inspect(files, Path.Combine(options.Directory, name), number);
            _nextSegment = Math.Max(_nextSegment, number + 1);
            _sizes.Add(number, segment.FileLength);
            _firstSequence = Math.Max(_firstSequence, segment.Header?.FirstSequence ?? 0);
            if (number >= firstSegment && !segment.IsUnused)
                _segments.Add(segment);
        }
        CheckHeaders(options.Directory, firstSegment);
    }

    /// <summary>What could not be read so far.</summary>
    public IReadOnlyList<WalProblem> Problems => _problems;

    /// <summary>Where the log ends. Known when <see cref="TryRead"/> has answered false; throws before.</summary>
    public WalEnd End => _index == _segments.Count
        ? new WalEnd(_nextSegment, _segments.Count == 0 ? 0 : _segments[^1].Number, _previousLength,
            Math.Max(_firstSequence, _lastSequence + 1), _tornBytes, _sizes)
        : throw new InvalidOperationException("the log has not been read to its end");

    /// <summary>The next record; false at the log's end. Its payload is valid until the next call.</summary>
    public bool TryRead(out WalRecord record)
    {
        while (_index < _segments.Count)
        {
            while (TryReadSegment(out record))
            {
                if (record.Sequence > _lastSequence)
                {
                    _lastSequence = record.Sequence;
                    return true;
                }
                var expected = $"a sequence number above {_lastSequence}";
                _problems.Add(new WalProblem(_segments[_index].Path, record.Offset, 0, expected, $"{record.Sequence}"));
            }
            CloseSegment();
            _index++;
        }
        record = default;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => CloseSegment();

    private void CheckHeaders(string directory, long firstSegment)
    {
        foreach (var segment in _segments)
        {
            if (segment.Header is not { } header)
            {
                _problems.Add(new WalProblem(segment.Path, 0, segment.FileLength, "a segment header", "other bytes in both copies"));
                continue;
            }
            if (segment.DamagedCopy is { } damaged)
            {
                const string found = "other bytes; the other copy is good and nothing is lost";
                _problems.Add(new WalProblem(segment.Path, damaged, WalSegmentHeader.Size, "a copy of the segment header", found));
            }
            var previous = header.PreviousNumber;
            if (previous == 0 || previous < firstSegment)
                continue;
            if (!_sizes.ContainsKey(previous) && !_sealedLengths.ContainsKey(previous))
            {
                var missing = Path.Combine(directory, WalSegmentName.Of(previous));
                _problems.Add(new WalProblem(missing, 0, header.PreviousLength, $"a segment of {header.PreviousLength} bytes", "no file"));
            }
            if (_sizes.TryGetValue(previous, out var size) && size < header.PreviousLength && _segments.All(s => s.Number != previous))
            {
                // Without a header, and too short for records: it looks as if it never held any, but this one knows better.
                var emptied = Path.Combine(directory, WalSegmentName.Of(previous));
                _problems.Add(new WalProblem(emptied, size, header.PreviousLength - size, $"{header.PreviousLength} bytes", $"{size} bytes"));
            }
            _sealedLengths[previous] = header.PreviousLength;
        }
    }

    private bool TryReadSegment(out WalRecord record)
    {
        record = default;
        var segment = _segments[_index];
        if (segment.Header is not { } header)
        {
            _previousLength = segment.FileLength;
            return false;
        }
        long? sealedLength = _sealedLengths.TryGetValue(segment.Number, out var length) ? length : null;
        try
        {
            _file ??= _files.OpenRead(segment.Path);
            _reader ??= new WalSegmentReader(_file, segment.Path, header, sealedLength, _maxPayloadBytes);
            if (_reader.TryRead(out record, _problems))
                return true;
        }
        catch (IOException e)
        {
            var position = _reader?.Position ?? 0;
            _problems.Add(new WalProblem(segment.Path, position, segment.FileLength - position, "bytes that can be read", e.Message));
            _previousLength = sealedLength ?? segment.FileLength;
            return false;
        }
        // A segment without records may end within its header's second copy.
        _previousLength = sealedLength ?? Math.Min(_reader.Position, segment.FileLength);
        if (_reader.TornBytes > 0)
            EndTorn(segment, _reader);
        return false;
    }

    private void EndTorn(WalSegmentFile segment, WalSegmentReader reader)
    {
        if (_index == _segments.Count - 1)
            _tornBytes = reader.TornBytes;
        else
            _problems.Add(new WalProblem(segment.Path, reader.Position, reader.TornBytes, WalSegmentReader.GoodRecords, "other bytes"));
    }

    private void CloseSegment()
    {
        _file?.Dispose();
        _file = null;
        _reader = null;
    }
}
